import { useState } from "preact/hooks";
import type { Message } from "../../api/types.ts";
import { t } from "../../state/language.ts";
import { useLazy } from "../../state/lazy.tsx";
import { Card } from "../../widgets/card.tsx";
import { Notice } from "../../widgets/notice.tsx";
import { Loading } from "../../widgets/remote-view.tsx";

const Content = ({ id }: { readonly id: string }) => {
  const Preview = useLazy(async () => (await import("./content/preview.tsx")).Preview);
  if (Preview === undefined) return <Loading />;
  if (Preview !== null) return <Preview id={id} />;
  return (
    <Notice tone="bad" title={t("page.notLoaded")}>
      <p>{t("page.notLoadedText")}</p>
    </Notice>
  );
};

/** What the message says, once someone asks for it: each reading is in the audit log. */
export const ContentCard = ({ message }: { readonly message: Message }) => {
  const [shown, setShown] = useState(false);
  return (
    <Card title={t("content.title")}>
      {!message.hasContent ? (
        <p class="hint">{t("content.erased")}</p>
      ) : shown ? (
        <Content id={message.id} />
      ) : (
        <div class="actions">
          <button type="button" class="button" onClick={() => setShown(true)}>
            {t("content.show")}
          </button>
          <span class="hint">{t("content.audited")}</span>
        </div>
      )}
    </Card>
  );
};
