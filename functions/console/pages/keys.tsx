import { useState } from "preact/hooks";
import { useLocation } from "preact-iso/router";
import { api } from "../state/api.ts";
import { t } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { Card } from "../widgets/card.tsx";
import { Page } from "../widgets/page.tsx";
import { Empty, RemoteView } from "../widgets/remote-view.tsx";
import { FirstCall } from "./keys/first-call.tsx";
import { KeyList } from "./keys/key-list.tsx";
import { NewKey, useKeyDraft } from "./keys/new-key.tsx";

const REFRESH_MS = 15_000;

/** The keys of programs, and how a program sends with one. */
export const KeysPage = () => {
  const keys = useRemote("keys", (signal) => api.keys.list(signal), { everyMs: REFRESH_MS });
  const draft = useKeyDraft();
  // A link may lead here to make one.
  const [open, setOpen] = useState(draft.resumed || "new" in useLocation().query);
  return (
    <Page
      title={t("key.title")}
      lead={t("key.text")}
      actions={
        <button type="button" class="button primary" onClick={() => setOpen(true)}>
          {t("key.new")}
        </button>
      }
    >
      <RemoteView handle={keys}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty title={t("key.none")}>
              <p>{t("key.noneText")}</p>
            </Empty>
          ) : (
            <KeyList items={items} handle={keys} />
          )
        }
      </RemoteView>
      <Card title={t("send.example")}>
        <p class="hint">{t("send.exampleText")}</p>
        <FirstCall />
      </Card>
      <NewKey draft={draft} open={open} onMade={keys.reload} onClose={() => setOpen(false)} />
    </Page>
  );
};
