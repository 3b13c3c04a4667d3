import { useState } from "preact/hooks";
import type { ApiResult } from "../../api/failure.ts";
import type { Message } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { number, t } from "../../state/language.ts";
import { useServerNames } from "../../state/server-names.ts";
import { Icon } from "../../widgets/icon.tsx";
import { failureText } from "../../widgets/notice.tsx";
import { csvOf, saveAsFile } from "./export.ts";
import { type Filter, queryOf } from "./filter.ts";

/** The largest page that the API gives. */
const PAGE_SIZE = 200;
/** A file of this many lines is as much as a spreadsheet shows at ease. */
const MOST = 50_000;

const readAll = async (filter: Filter, onRead: (count: number) => void): Promise<ApiResult<readonly Message[]>> => {
  const found: Message[] = [];
  let cursor: string | undefined;
  do {
    const page = await api.messages.list({
      ...queryOf(filter),
      limit: PAGE_SIZE,
      ...(cursor !== undefined && { cursor }),
    });
    if (!page.ok) return page;
    found.push(...page.value.items);
    onRead(found.length);
    cursor = page.value.next ?? undefined;
  } while (cursor !== undefined && found.length < MOST);
  return { ok: true, value: found };
};

/** Saves what the filter finds as a CSV file. */
export const ExportButton = ({ filter }: { readonly filter: Filter }) => {
  const nameOf = useServerNames();
  const [read, setRead] = useState(0);
  const action = useAction(() => readAll(filter, setRead));
  const run = async () => {
    setRead(0);
    const result = await action.run();
    if (result?.ok) saveAsFile("messages.csv", csvOf(result.value, nameOf));
  };
  return (
    <>
      <button type="button" class="button" aria-disabled={action.busy} onClick={() => void run()}>
        <Icon name="download" />
        {action.busy ? t("messages.exporting", { count: number(read) }) : t("messages.export")}
      </button>
      {action.failure && (
        <span role="alert" class="field-error">
          {failureText(action.failure).title}
        </span>
      )}
    </>
  );
};
