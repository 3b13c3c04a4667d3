import type { MailServer } from "../../api/types.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { t } from "../../state/language.ts";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";

interface Props {
  readonly server: MailServer;
  readonly primary: boolean;
  readonly onRestored: (server: MailServer) => void;
}

/** Says why nothing leaves, with the one act that changes it. */
export const ArchivedNotice = ({ server, primary, onRestored }: Props) => {
  const restore = useAction(() => api.servers.change(server, { active: true }));
  const run = async () => {
    const result = await restore.run();
    if (result?.ok) onRestored(result.value);
  };
  return (
    <>
      <Notice
        tone="info"
        title={t("server.archivedText")}
        live={false}
        actions={
          <button
            type="button"
            class={primary ? "button primary" : "button"}
            aria-disabled={restore.busy}
            onClick={() => void run()}
          >
            {restore.busy ? t("state.working") : t("end.activate")}
          </button>
        }
      />
      {restore.failure && <ProblemNotice failure={restore.failure} />}
    </>
  );
};
