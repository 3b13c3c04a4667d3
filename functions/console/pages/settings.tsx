import { api } from "../state/api.ts";
import { t } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { Card } from "../widgets/card.tsx";
import { Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { When } from "../widgets/time.tsx";
import { AlertsCard } from "./settings/alerts-card.tsx";
import { KeysCard } from "./settings/keys-card.tsx";
import { PauseCard } from "./settings/pause-card.tsx";
import { PeopleCard } from "./settings/people-card.tsx";
import { AudienceChoice } from "./setup/audience-choice.tsx";
import { CredentialsForm } from "./setup/credentials-form.tsx";

const CredentialsCard = () => {
  const credentials = useRemote("credentials", (signal) => api.credentials.get(signal));
  return (
    <Card title={t("settings.credentials")} actions={<a href="/setup">{t("settings.guide")}</a>}>
      <RemoteView handle={credentials}>
        {(value) => (
          <>
            <dl class="facts">
              <div>
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
            <CredentialsForm onSaved={credentials.put} />
          </>
        )}
      </RemoteView>
    </Card>
  );
};

export const SettingsPage = () => {
  const settings = useRemote("settings", (signal) => api.settings.get(signal));
  return (
    <Page title={t("settings.title")}>
      <RemoteView handle={settings}>
        {(value) => (
          <>
            <PauseCard settings={value} onSaved={settings.put} />
            <CredentialsCard />
            <Card title={t("settings.audience")}>
              <AudienceChoice settings={value} onSaved={settings.put} />
            </Card>
            <AlertsCard settings={value} onSaved={settings.put} />
            <PeopleCard settings={value} onSaved={settings.put} />
          </>
        )}
      </RemoteView>
      <KeysCard />
      <Card title={t("settings.setupToken")}>
        <p class="hint">{t("settings.setupTokenText")}</p>
      </Card>
    </Page>
  );
};
