import { useState } from "preact/hooks";
import type { ApiResult } from "../api/failure.ts";
import type { Listing } from "../api/types.ts";
import { useAction } from "../state/action.ts";
import { number, t } from "../state/language.ts";
import { type CsvColumns, csvOf, saveAsFile } from "./csv.ts";
import { Icon } from "./icon.tsx";
import { failureText } from "./notice.tsx";

/** The largest page that the API gives. */
const PAGE_SIZE = 200;
/** A file of this many lines is as much as a spreadsheet shows at ease. */
const MOST = 50_000;

export interface PageAsked {
  readonly limit: number;
  readonly cursor?: string;
}

interface Props<T> {
  readonly fileName: string;
  readonly readPage: (page: PageAsked) => Promise<ApiResult<Listing<T>>>;
  readonly columns: CsvColumns<T>;
}

const readAll = async <T,>(
  readPage: Props<T>["readPage"],
  onRead: (count: number) => void,
): Promise<ApiResult<readonly T[]>> => {
  const found: T[] = [];
  let cursor: string | undefined;
  do {
    const page = await readPage({ limit: PAGE_SIZE, ...(cursor !== undefined && { cursor }) });
    if (!page.ok) return page;
    found.push(...page.value.items);
    onRead(found.length);
    cursor = page.value.next ?? undefined;
  } while (cursor !== undefined && found.length < MOST);
  return { ok: true, value: found };
};

/** Saves all of a list as a CSV file. */
export const ExportButton = <T,>({ fileName, readPage, columns }: Props<T>) => {
  const [read, setRead] = useState(0);
  const action = useAction(() => readAll(readPage, setRead));
  const run = async () => {
    setRead(0);
    const result = await action.run();
    if (result?.ok) saveAsFile(fileName, csvOf(result.value, columns));
  };
  return (
    <>
      <button type="button" class="button" aria-disabled={action.busy} onClick={() => void run()}>
        <Icon name="download" />
        {action.busy ? t("export.running", { count: number(read) }) : t("export.csv")}
      </button>
      {action.failure && (
        <span role="alert" class="field-error">
          {failureText(action.failure).title}
        </span>
      )}
    </>
  );
};
