import { t } from "../state/language.ts";
import { session } from "../state/session-signal.ts";
import { Card } from "../widgets/card.tsx";
import { Page } from "../widgets/page.tsx";

/** For a member on a page whose calls the API refuses to members. */
export const OperatorsOnlyPage = () => {
  const { value } = session;
  const operators = value.kind === "signed_in" ? (value.session.operators ?? []) : [];
  return (
    <Page title={t("operatorsOnly.title")} lead={t("operatorsOnly.text")}>
      {operators.length > 0 && (
        <Card title={t("operatorsOnly.ask")}>
          <ul class="rows">
            {operators.map((entry) => (
              <li key={entry}>
                {entry.startsWith("@") ? (
                  t("operatorsOnly.anyone", { domain: entry })
                ) : (
                  <a href={`mailto:${entry}`}>{entry}</a>
                )}
              </li>
            ))}
          </ul>
        </Card>
      )}
      <p>
        <a href="/">{t("notFound.home")}</a>
      </p>
    </Page>
  );
};
