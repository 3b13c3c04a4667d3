import { useEffect } from "preact/hooks";
import type { GmailCredentials } from "../api/types.ts";
import { api } from "../state/api.ts";
import { language, t } from "../state/language.ts";
import { type RemoteHandle, useRemote } from "../state/remote.ts";
import { Card } from "../widgets/card.tsx";
import { Checklist } from "../widgets/checklist.tsx";
import { Page } from "../widgets/page.tsx";
import { Loading, RemoteView } from "../widgets/remote-view.tsx";
import { When } from "../widgets/time.tsx";
import { AlertsCard } from "./settings/alerts-card.tsx";
import { PeopleCard } from "./settings/people-card.tsx";
import { AudienceChoice } from "./setup/audience-choice.tsx";
import { CredentialsForm } from "./setup/credentials-form.tsx";

const REFRESH_MS = 15_000;

const CredentialsCard = ({ credentials }: { readonly credentials: RemoteHandle<GmailCredentials> }) => (
  <Card title={t("settings.credentials")} actions={<a href="/setup">{t("settings.guide")}</a>}>
    <RemoteView handle={credentials}>
      {(value) => (
        <>
          <dl class="facts">
            <div class="broad">
              <dt>{t("credentials.clientId")}</dt>
              <dd class="mono">{value.clientId ?? t("credentials.none")}</dd>
            </div>
            {value.configuredAt && (
              <div>
                <dt>{t("credentials.since")}</dt>
                <dd>
                  <When iso={value.configuredAt} />
                </dd>
              </div>
            )}
          </dl>
          <CredentialsForm current={value.clientId} onSaved={credentials.put} />
        </>
      )}
    </RemoteView>
  </Card>
);

/** Explains the setup token; the setup check says whether it still works. */
const SetupTokenCard = () => {
  const doctor = useRemote(`doctor ${language.value}`, (signal) => api.doctor(signal), { everyMs: REFRESH_MS });
  return (
    <Card title={t("settings.setupToken")}>
      <p class="hint">{t("settings.setupTokenText")}</p>
      <RemoteView handle={doctor}>
        {({ checks }) => <Checklist checks={checks.filter(({ id }) => id === "setup_token")} />}
      </RemoteView>
    </Card>
  );
};

export const SettingsPage = () => {
  const settings = useRemote("settings", (signal) => api.settings.get(signal), { everyMs: REFRESH_MS });
  const credentials = useRemote("credentials", (signal) => api.credentials.get(signal), { everyMs: REFRESH_MS });
  const isLoading = [settings, credentials].some(({ remote }) => remote.phase === "loading");
  // A link may lead to one of the cards, whose position is only known once those above it have loaded.
  useEffect(() => {
    if (!isLoading && location.hash !== "") document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [isLoading]);
  return (
    <Page title={t("settings.title")}>
      {isLoading ? (
        <Loading />
      ) : (
        <RemoteView handle={settings}>
          {(value) => (
            <>
              <CredentialsCard credentials={credentials} />
              <Card title={t("settings.audience")}>
                <AudienceChoice settings={value} onSaved={settings.put} />
              </Card>
              <AlertsCard settings={value} onSaved={settings.put} />
              <PeopleCard settings={value} onSaved={settings.put} />
            </>
          )}
        </RemoteView>
      )}
      {/* It reads meanwhile. */}
      <SetupTokenCard />
    </Page>
  );
};
