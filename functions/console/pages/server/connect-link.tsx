import type { MailServer } from "../../api/types.ts";
import { connectHref } from "../../routing/next.ts";
import { useClientSaved } from "../../state/google-client.ts";
import { t } from "../../state/language.ts";

interface Props {
  readonly server: Pick<MailServer, "id">;
  readonly class: string;
  readonly label: string;
  /** Read out after the label, to tell several such links on a page apart. */
  readonly name?: string;
}

/** Links to Google's consent, or to Setup while no OAuth client is saved, since consent could only fail. */
export const ConnectLink = ({ server, class: look, label, name }: Props) => {
  const ready = useClientSaved();
  const text = ready ? label : t("connect.setUpFirst");
  return (
    <a
      class={look}
      href={ready ? connectHref(server.id) : "/setup"}
      aria-label={name === undefined ? undefined : `${text} – ${name}`}
    >
      {text}
    </a>
  );
};
