import { useState } from "preact/hooks";
import { useAction } from "../state/action.ts";
import { number, t } from "../state/language.ts";
import { type CsvColumns, csvOf, saveAsFile } from "./csv.ts";
import { Icon } from "./icon.tsx";
import { failureText } from "./notice.tsx";
import { type ReadPage, readAll } from "./read-all.ts";

/** A file of this many lines is as much as a spreadsheet shows at ease. */
const MOST = 50_000;

interface Props<T> {
  readonly fileName: string;
  readonly readPage: ReadPage<T>;
  readonly columns: CsvColumns<T>;
}

/** Saves a list as a CSV file, and says so if that is not all of it. */
export const ExportButton = <T,>({ fileName, readPage, columns }: Props<T>) => {
  const [read, setRead] = useState(0);
  const action = useAction(() => readAll(readPage, { most: MOST, onRead: setRead }));
  const [isCut, setCut] = useState(false);
  const run = async () => {
    setRead(0);
    setCut(false);
    const result = await action.run();
    if (!result?.ok) return;
    saveAsFile(fileName, csvOf(result.value.items, columns));
    setCut(result.value.isCut);
  };
  return (
    <>
      <button type="button" class="button" aria-disabled={action.busy} onClick={() => void run()}>
        <Icon name="download" />
        {action.busy ? t("export.running", { count: number(read) }) : t("export.csv")}
      </button>
      {isCut && (
        <span role="status" class="fine">
          {t("export.cut", { count: number(MOST) })}
        </span>
      )}
      {action.failure && (
        <span role="alert" class="field-error">
          {failureText(action.failure).title}
        </span>
      )}
    </>
  );
};
