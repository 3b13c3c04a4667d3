import type { MailServer } from "../../api/types.ts";
import { connectHref } from "../../routing/next.ts";
import { useClientSaved } from "../../state/google-client.ts";
import { t } from "../../state/language.ts";

interface Props {
  readonly server: Pick<MailServer, "id">;
  readonly class: string;
  readonly label: string;
  /** Read out after the label, where a page has several such links. */
  readonly name?: string;
}

/** To Google's consent; before an OAuth client is saved, to Setup, since the consent could only fail. */
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
