import type { ComponentChildren } from "preact";
import type { GmailCredentials, Settings } from "../api/types.ts";
import { googleConsole, projectOf } from "../routing/google-console.ts";
import { api } from "../state/api.ts";
import { language, t } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { Card } from "../widgets/card.tsx";
import { Checklist } from "../widgets/checklist.tsx";
import { CopyButton } from "../widgets/copy-button.tsx";
import { ExternalLink } from "../widgets/external-link.tsx";
import { Notice } from "../widgets/notice.tsx";
import { Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { When } from "../widgets/time.tsx";
import { AudienceChoice } from "./setup/audience-choice.tsx";
import { CredentialsForm } from "./setup/credentials-form.tsx";
import { Traps } from "./setup/traps.tsx";

const Step = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) => (
  <li>
    <Card title={title}>{children}</Card>
  </li>
);

const GoogleSteps = ({ project }: { readonly project: string | null }) => (
  <>
    <Step title={t("setup.project")}>
      <p class="hint">{t("setup.projectText")}</p>
      <div class="actions">
        <ExternalLink href={googleConsole("newProject", project)}>{t("setup.projectLink")}</ExternalLink>
        <ExternalLink href={googleConsole("gmailApi", project)}>{t("setup.gmailApiLink")}</ExternalLink>
      </div>
    </Step>
    <Step title={t("setup.branding")}>
      <p class="hint">{t("setup.brandingText")}</p>
      <p class="hint">
        {t("setup.domain")} <code>{location.hostname}</code>
      </p>
      <div class="actions">
        <ExternalLink href={googleConsole("branding", project)}>{t("setup.brandingLink")}</ExternalLink>
      </div>
    </Step>
  </>
);

interface AudienceProps {
  readonly project: string | null;
  readonly onSaved: () => void;
}

const AudienceStep = ({ project, onSaved }: AudienceProps) => {
  const settings = useRemote("settings", (signal) => api.settings.get(signal));
  const saved = (value: Settings) => {
    settings.put(value);
    onSaved();
  };
  return (
    <Step title={t("setup.audience")}>
      <RemoteView handle={settings}>{(value) => <AudienceChoice settings={value} onSaved={saved} />}</RemoteView>
      <div class="actions">
        <ExternalLink href={googleConsole("audience", project)}>{t("setup.audienceLink")}</ExternalLink>
      </div>
    </Step>
  );
};

const ClientSteps = ({ credentials, onSaved, project }: ClientProps) => (
  <>
    <Step title={t("setup.client")}>
      <p class="hint">{t("setup.clientText")}</p>
      <p>{t("setup.redirectUri")}</p>
      <p class="copy-row">
        <code>{credentials.redirectUri}</code>
        <CopyButton text={credentials.redirectUri} />
      </p>
      <div class="actions">
        <ExternalLink href={googleConsole("newClient", project)}>{t("setup.clientLink")}</ExternalLink>
      </div>
    </Step>
    <Step title={t("setup.credentials")}>
      {credentials.clientId !== null && (
        <Notice tone="good" title={t("credentials.there")} live={false}>
          <p class="mono">{credentials.clientId}</p>
          {credentials.configuredAt && (
            <p class="fine">
              {t("credentials.since")} <When iso={credentials.configuredAt} />
            </p>
          )}
        </Notice>
      )}
      <CredentialsForm onSaved={onSaved} />
    </Step>
  </>
);

interface ClientProps {
  readonly credentials: GmailCredentials;
  readonly project: string | null;
  readonly onSaved: (credentials: GmailCredentials) => void;
}

const ServerStep = () => (
  <Step title={t("setup.server")}>
    <p class="hint">{t("setup.serverText")}</p>
    <div class="actions">
      <a class="button primary" href="/servers/new">
        {t("servers.new")}
      </a>
      <a class="button" href="/servers">
        {t("setup.serverList")}
      </a>
    </div>
  </Step>
);

export const SetupPage = () => {
  const credentials = useRemote("credentials", (signal) => api.credentials.get(signal));
  const doctor = useRemote(`doctor ${language.value}`, (signal) => api.doctor(signal), { everyMs: 5_000 });
  return (
    <Page title={t("setup.title")} lead={t("setup.lead")}>
      <RemoteView handle={credentials}>
        {(value) => {
          const project = projectOf(value.clientId);
          const saved = (next: GmailCredentials) => {
            credentials.put(next);
            void doctor.reload();
          };
          return (
            <ol class="steps">
              <GoogleSteps project={project} />
              <AudienceStep project={project} onSaved={() => void doctor.reload()} />
              <ClientSteps credentials={value} project={project} onSaved={saved} />
              <ServerStep />
            </ol>
          );
        }}
      </RemoteView>
      <Card title={t("setup.checks")}>
        <RemoteView handle={doctor}>
          {(report) => (
            <>
              <Notice tone={report.ok ? "good" : "warn"} title={report.ok ? t("setup.allDone") : t("setup.notDone")} />
              <Checklist checks={report.checks} />
            </>
          )}
        </RemoteView>
      </Card>
      <Traps />
    </Page>
  );
};
