import type { ComponentChildren } from "preact";
import type { DoctorReport, GmailCredentials, Settings } from "../api/types.ts";
import { googleConsole, isDomain, projectOf } from "../routing/google-console.ts";
import { api } from "../state/api.ts";
import { language, t } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { Badge } from "../widgets/badge.tsx";
import { Card } from "../widgets/card.tsx";
import { Checklist, openOf } from "../widgets/checklist.tsx";
import { CopyButton } from "../widgets/copy-button.tsx";
import { ExternalLink } from "../widgets/external-link.tsx";
import { Notice } from "../widgets/notice.tsx";
import { Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { When } from "../widgets/time.tsx";
import { FirstCall } from "./keys/first-call.tsx";
import { AudienceChoice } from "./setup/audience-choice.tsx";
import { CredentialsForm } from "./setup/credentials-form.tsx";
import { Traps } from "./setup/traps.tsx";

const REFRESH_MS = 15_000;

interface StepProps {
  readonly title: string;
  /** Null if Relais cannot tell. */
  readonly done: boolean | null;
  readonly children: ComponentChildren;
}

const Step = ({ title, done, children }: StepProps) => (
  <li>
    <Card title={title} actions={done && <Badge tone="good" icon="check" text={t("setup.stepDone")} />}>
      {children}
    </Card>
  </li>
);

/** Whether a setup check has passed; null while unknown. */
type Passed = (id: string) => boolean | null;

interface GoogleProps {
  readonly project: string | null;
  readonly passed: Passed;
}

/** A connected account proves the steps at Google: project, consent screen, client type and redirect URI. */
const GoogleSteps = ({ project, passed }: GoogleProps) => (
  <>
    <Step title={t("setup.project")} done={passed("client_type")}>
      <p>{t("setup.projectText")}</p>
      <div class="actions">
        <ExternalLink href={googleConsole("newProject", project)}>{t("setup.projectLink")}</ExternalLink>
        <ExternalLink href={googleConsole("gmailApi", project)}>{t("setup.gmailApiLink")}</ExternalLink>
      </div>
    </Step>
    <Step title={t("setup.branding")} done={passed("client_type")}>
      <p>{t("setup.brandingText")}</p>
      {isDomain(location.hostname) && (
        <p>
          {t("setup.domain")} <code>{location.hostname}</code>
        </p>
      )}
      <div class="actions">
        <ExternalLink href={googleConsole("branding", project)}>{t("setup.brandingLink")}</ExternalLink>
      </div>
    </Step>
  </>
);

interface AudienceProps extends GoogleProps {
  readonly onSaved: () => void;
}

const AudienceStep = ({ project, passed, onSaved }: AudienceProps) => {
  const settings = useRemote("settings", (signal) => api.settings.get(signal), { everyMs: REFRESH_MS });
  const saved = (value: Settings) => {
    settings.put(value);
    onSaved();
  };
  return (
    <Step title={t("setup.audience")} done={passed("publishing_status")}>
      <RemoteView handle={settings}>{(value) => <AudienceChoice settings={value} onSaved={saved} />}</RemoteView>
      <div class="actions">
        <ExternalLink href={googleConsole("audience", project)}>{t("setup.audienceLink")}</ExternalLink>
      </div>
    </Step>
  );
};

interface ClientProps extends GoogleProps {
  readonly credentials: GmailCredentials;
  readonly onSaved: (credentials: GmailCredentials) => void;
}

const ClientSteps = ({ credentials, onSaved, project, passed }: ClientProps) => (
  <>
    <Step title={t("setup.client")} done={passed("redirect_uri")}>
      <p>{t("setup.clientText")}</p>
      <p>{t("setup.ownClient")}</p>
      <p>{t("setup.redirectUri")}</p>
      <p class="copy-row">
        <code>{credentials.redirectUri}</code>
        <CopyButton text={credentials.redirectUri} />
      </p>
      <div class="actions">
        <ExternalLink href={googleConsole("newClient", project)}>{t("setup.clientLink")}</ExternalLink>
      </div>
    </Step>
    <Step title={t("setup.credentials")} done={passed("gmail_credentials")}>
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
      <CredentialsForm current={credentials.clientId} onSaved={onSaved} />
    </Step>
  </>
);

const ServerStep = ({ passed }: { readonly passed: Passed }) => (
  <Step title={t("setup.server")} done={passed("mail_server")}>
    <p>{t("setup.serverText")}</p>
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

/** After the account comes the program that will send through it. */
const ProgramStep = () => {
  const keys = useRemote("keys", (signal) => api.keys.list(signal), { everyMs: REFRESH_MS }).remote;
  return (
    <Step title={t("setup.program")} done={keys.phase === "ready" && keys.value.items.length > 0}>
      <p>{t("setup.programText")}</p>
      <FirstCall apiKey="rk_…" />
      <div class="actions">
        <a class="button" href="/keys">
          {t("setup.programLink")}
        </a>
      </div>
    </Step>
  );
};

/** Shows the progress above the steps, with the missing ones by name. */
const Progress = ({ report }: { readonly report: DoctorReport }) => {
  const missing = report.checks.filter(({ ok, level }) => !ok && level === "required");
  return (
    <Notice
      tone={report.ok ? "good" : "info"}
      title={report.ok ? t("setup.allDone") : t("setup.notDone", { count: missing.length })}
    >
      {missing.length > 0 && (
        <ul>
          {missing.map(({ id, title }) => (
            <li key={id}>{title}</li>
          ))}
        </ul>
      )}
      <p>
        <a href="#checks">{t("setup.seeChecks")}</a>
      </p>
    </Notice>
  );
};

/** Shows what is still open; what has passed is folded away. */
const Checks = ({ report }: { readonly report: DoctorReport }) => {
  const passed = report.checks.filter(({ ok }) => ok);
  const open = openOf(report.checks);
  return (
    <>
      {open.length > 0 ? <Checklist checks={open} /> : <p>{t("setup.nothingOpen")}</p>}
      {passed.length > 0 && (
        <details>
          <summary>{t("setup.passed", { count: passed.length })}</summary>
          <Checklist checks={passed} />
        </details>
      )}
    </>
  );
};

export const SetupPage = () => {
  const credentials = useRemote("credentials", (signal) => api.credentials.get(signal), { everyMs: REFRESH_MS });
  const doctor = useRemote(`doctor ${language.value}`, (signal) => api.doctor(signal), { everyMs: 5_000 });
  const report = doctor.remote.phase === "ready" ? doctor.remote.value : null;
  const passed: Passed = (id) => report?.checks.find((check) => check.id === id)?.ok ?? null;
  return (
    <Page title={t("setup.title")} lead={t("setup.lead")}>
      {report !== null && <Progress report={report} />}
      <RemoteView handle={credentials}>
        {(value) => {
          const project = projectOf(value.clientId);
          const saved = (next: GmailCredentials) => {
            credentials.put(next);
            void doctor.reload();
          };
          return (
            <ol class="steps">
              <GoogleSteps project={project} passed={passed} />
              <AudienceStep project={project} passed={passed} onSaved={() => void doctor.reload()} />
              <ClientSteps credentials={value} project={project} passed={passed} onSaved={saved} />
              <ServerStep passed={passed} />
              <ProgramStep />
            </ol>
          );
        }}
      </RemoteView>
      <Card title={t("setup.checks")} id="checks">
        <RemoteView handle={doctor}>{(found) => <Checks report={found} />}</RemoteView>
      </Card>
      <Traps />
    </Page>
  );
};
