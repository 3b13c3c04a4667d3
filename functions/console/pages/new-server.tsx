import { useLocation } from "preact-iso/router";
import { useAction } from "../state/action.ts";
import { api } from "../state/api.ts";
import { t } from "../state/language.ts";
import { Card } from "../widgets/card.tsx";
import { Page } from "../widgets/page.tsx";
import { creationOf, EMPTY_DRAFT, type ServerDraft } from "./server/draft.ts";
import { ServerForm } from "./server/form.tsx";

export const NewServerPage = () => {
  const { route } = useLocation();
  const create = useAction((draft: ServerDraft) => api.servers.create(creationOf(draft)));
  const submit = async (draft: ServerDraft) => {
    const result = await create.run(draft);
    if (result?.ok) route(`/servers/${result.value.id}`);
    return null;
  };
  return (
    <Page
      title={t("newServer.title")}
      lead={t("newServer.lead")}
      back={{ href: "/servers", label: t("servers.title") }}
    >
      <Card title={t("server.details")}>
        <ServerForm
          initial={EMPTY_DRAFT}
          submitLabel={t("newServer.create")}
          busy={create.busy}
          failure={create.failure}
          onSubmit={submit}
        />
      </Card>
    </Page>
  );
};
