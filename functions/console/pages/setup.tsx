import { useRef } from "preact/hooks";
import type { DoctorReport, GmailCredentials, Settings } from "../api/types.ts";
import { googleConsole, isDomain, projectOf } from "../routing/google-console.ts";
import { api } from "../state/api.ts";
import { language, t } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { useSandbox } from "../state/sandbox.ts";
import { Card } from "../widgets/card.tsx";
import { Checklist, isInSteps, openOf } from "../widgets/checklist.tsx";
import { CopyButton } from "../widgets/copy-button.tsx";
import { ExternalLink } from "../widgets/external-link.tsx";
import { Notice } from "../widgets/notice.tsx";
import { Page } from "../widgets/page.tsx";
import { Loading, RemoteView } from "../widgets/remote-view.tsx";
import { When } from "../widgets/time.tsx";
import { FirstCall } from "./keys/first-call.tsx";
import { AudienceChoice } from "./setup/audience-choice.tsx";
import { CredentialsForm } from "./setup/credentials-form.tsx";
import { SandboxStep } from "./setup/sandbox-step.tsx";
import { Step, type Steps, stepsOf } from "./setup/step.tsx";
import { Traps } from "./setup/traps.tsx";

const REFRESH_MS = 15_000;

interface StepsProps {
  readonly steps: Steps;
}

interface GoogleProps extends StepsProps {
  readonly project: string | null;
}

const GoogleSteps = ({ project, steps }: GoogleProps) => (
  <>
    <Step name="project" title={t("setup.project")} steps={steps}>
      <p>{t("setup.projectText")}</p>
      <div class="actions">
        <ExternalLink href={googleConsole("newProject", project)}>{t("setup.projectLink")}</ExternalLink>
        <ExternalLink href={googleConsole("gmailApi", project)}>{t("setup.gmailApiLink")}</ExternalLink>
      </div>
    </Step>
    <Step name="branding" title={t("setup.branding")} steps={steps}>
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

const AudienceStep = ({ project, steps, onSaved }: AudienceProps) => {
  const settings = useRemote("settings", (signal) => api.settings.get(signal), { everyMs: REFRESH_MS });
  const saved = (value: Settings) => {
    settings.put(value);
    onSaved();
  };
  return (
    <Step name="audience" title={t("setup.audience")} steps={steps}>
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

const ClientSteps = ({ credentials, onSaved, project, steps }: ClientProps) => (
  <>
    <Step name="client" title={t("setup.client")} steps={steps}>
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
    <Step name="credentials" title={t("setup.credentials")} steps={steps}>
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

const ServerStep = ({ steps }: StepsProps) => (
  <Step name="server" title={t("setup.server")} steps={steps}>
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
const ProgramStep = ({ steps }: StepsProps) => (
  <Step name="program" title={t("setup.program")} steps={steps}>
    <p>{t("setup.programText")}</p>
    <FirstCall />
    <div class="actions">
      <a class="button" href="/keys?new">
        {t("setup.programLink")}
      </a>
    </div>
  </Step>
);

/** What must be done before mail can be sent, unless a step says so already. */
const ToDo = ({ report }: { readonly report: DoctorReport }) => {
  const open = openOf(report.checks, "required").filter((check) => !isInSteps(check));
  return (
    open.length > 0 && (
      <Card title={t("home.todo")}>
        <Checklist checks={open} />
      </Card>
    )
  );
};

/** What nobody must do, and what has passed; it comes last and stays in the background. */
const Advice = ({ report, onSandbox }: { readonly report: DoctorReport; readonly onSandbox: boolean }) => {
  const passed = report.checks.filter(({ ok }) => ok);
  // The sandbox has no console of Google's, where a link would lead.
  const open = openOf(report.checks, "advice").filter(({ link }) => !onSandbox || !link);
  return (
    <>
      {open.length > 0 ? <Checklist checks={open} /> : <p>{t("setup.noAdvice")}</p>}
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
  const keys = useRemote("keys", (signal) => api.keys.list(signal), { everyMs: REFRESH_MS }).remote;
  const sandbox = useSandbox();
  const report = doctor.remote.phase === "ready" ? doctor.remote.value : null;
  // Which steps there are depends on whose Google it is, and which one is open on what is done. Later, in another
  // language, the checks are read again.
  const isKnown = useRef(false);
  isKnown.current ||= doctor.remote.phase !== "loading" && keys.phase !== "loading";
  if (!isKnown.current || sandbox === undefined)
    return (
      <Page title={t("setup.title")} lead={t("setup.lead")}>
        <Loading />
      </Page>
    );
  return (
    <Page title={t("setup.title")} lead={t("setup.lead")}>
      <RemoteView handle={credentials}>
        {(value) => {
          const project = projectOf(value.clientId);
          const saved = (next: GmailCredentials) => {
            credentials.put(next);
            void doctor.reload();
          };
          const hasKey = keys.phase === "ready" ? keys.value.items.length > 0 : null;
          const steps = stepsOf({ report, hasClient: value.clientId !== null, hasKey, onSandbox: sandbox !== null });
          return (
            <ol class="steps">
              {sandbox === null ? (
                <>
                  <GoogleSteps project={project} steps={steps} />
                  <AudienceStep project={project} steps={steps} onSaved={() => void doctor.reload()} />
                  <ClientSteps credentials={value} project={project} steps={steps} onSaved={saved} />
                </>
              ) : (
                <SandboxStep credentials={value} steps={steps} onSaved={saved} />
              )}
              <ServerStep steps={steps} />
              <ProgramStep steps={steps} />
            </ol>
          );
        }}
      </RemoteView>
      {report !== null && <ToDo report={report} />}
      {sandbox === null && <Traps />}
      <Card title={t("setup.advice")} id="checks">
        <RemoteView handle={doctor}>{(found) => <Advice report={found} onSandbox={sandbox !== null} />}</RemoteView>
      </Card>
    </Page>
  );
};
