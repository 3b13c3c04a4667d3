import type { ApiResult } from "../api/failure.ts";
import type { DoctorReport, MailServer } from "../api/types.ts";
import { api } from "../state/api.ts";
import { language, t } from "../state/language.ts";
import { useRemote } from "../state/remote.ts";
import { isOperator } from "../state/session-signal.ts";
import { Card } from "../widgets/card.tsx";
import { Checklist, isInSteps } from "../widgets/checklist.tsx";
import { Icon, type IconName } from "../widgets/icon.tsx";
import { Page } from "../widgets/page.tsx";
import { RemoteView } from "../widgets/remote-view.tsx";
import { FiguresSection } from "./home/figures-section.tsx";
import { InDoubt, LatestMessages } from "./home/messages-cards.tsx";
import { NextStep } from "./home/next-step.tsx";
import { ServersCard } from "./home/servers-card.tsx";
import { type Verdict, verdictOf } from "./home/verdict.ts";
import { needingAttention } from "./server/needing-attention.ts";
import { Needs } from "./server/needs.tsx";

const LOOKS: Readonly<Record<Verdict["kind"], { readonly tone: string; readonly icon: IconName }>> = {
  working: { tone: "good", icon: "check" },
  attention: { tone: "warn", icon: "warning" },
  paused: { tone: "warn", icon: "pause" },
  stopped: { tone: "bad", icon: "cross" },
  unfinished: { tone: "info", icon: "steps" },
  empty: { tone: "info", icon: "plug" },
};

interface VerdictProps {
  readonly verdict: Verdict;
  readonly servers: readonly MailServer[];
}

/** Answers first what a person opens this page for: can mail be sent and, if not, what to do. */
const VerdictNotice = ({ verdict, servers }: VerdictProps) => {
  const { tone, icon } = LOOKS[verdict.kind];
  const needing = needingAttention(servers);
  return (
    <div class={`notice verdict ${tone}`} role="status">
      <Icon name={icon} />
      <div class="notice-body">
        <h2 class="notice-title">{t(`home.${verdict.kind}`)}</h2>
        <p>{t(`home.${verdict.kind}Text`)}</p>
        {needing.length > 0 && <Needs servers={needing} />}
        {verdict.href !== null && (
          <div class="actions">
            <a class="button primary" href={verdict.href}>
              {t(`home.${verdict.kind}Do`)}
            </a>
          </div>
        )}
      </div>
    </div>
  );
};

interface Overview {
  readonly servers: readonly MailServer[];
  readonly paused: boolean;
  readonly doctor: DoctorReport | null;
}

/** Members may not read the settings; their session says what they need of them. */
const readPaused = async (operator: boolean, signal: AbortSignal): Promise<ApiResult<boolean>> => {
  const read = await (operator ? api.settings.get(signal) : api.session.get(signal));
  return read.ok ? { ok: true, value: read.value.paused ?? false } : read;
};

/** Members see only their servers; whatever only operators may read is left out. */
const readAll = async (operator: boolean, signal: AbortSignal) => {
  const [servers, paused, doctor] = await Promise.all([
    api.servers.list(signal),
    readPaused(operator, signal),
    operator ? api.doctor(signal) : null,
  ]);
  if (!servers.ok) return servers;
  if (!paused.ok) return paused;
  if (doctor !== null && !doctor.ok) return doctor;
  const overview: Overview = {
    servers: servers.value.items,
    paused: paused.value,
    doctor: doctor?.value ?? null,
  };
  return { ok: true, value: overview } as const;
};

const activeOf = (overview: Overview | null): readonly MailServer[] =>
  overview?.servers.filter(({ active }) => active) ?? [];

const verdictFor = (overview: Overview, operator: boolean): Verdict =>
  verdictOf({ servers: activeOf(overview), paused: overview.paused, operator });

/** What keeps Relais from working, but for what the steps of the setup say. */
const ToDo = ({ overview, operator }: { readonly overview: Overview; readonly operator: boolean }) => {
  const isSettingUp = ["empty", "unfinished"].includes(verdictFor(overview, operator).kind);
  const required = overview.doctor?.checks.filter(({ ok, level }) => !ok && level === "required") ?? [];
  const open = required.filter((check) => !(isSettingUp && isInSteps(check)));
  return (
    open.length > 0 && (
      <Card title={t("home.todo")}>
        <Checklist checks={open} />
      </Card>
    )
  );
};

interface SectionsProps {
  readonly operator: boolean;
  /** Null while it is being read: the sections below it read meanwhile, and wait to be shown. */
  readonly overview: Overview | null;
}

const Sections = ({ operator, overview }: SectionsProps) => {
  const active = activeOf(overview);
  const mayHave = overview === null || active.length > 0;
  const canSend = overview === null || active.some(({ connection }) => connection.state === "valid");
  return (
    <>
      <InDoubt />
      {overview !== null && <ToDo overview={overview} operator={operator} />}
      {operator && canSend && <NextStep />}
      {mayHave && <FiguresSection />}
      {active.length > 0 && <ServersCard servers={active} />}
      {mayHave && <LatestMessages />}
    </>
  );
};

export const HomePage = () => {
  const operator = isOperator();
  // The API words the setup checks in the requested language, so the key includes it.
  const handle = useRemote(`home ${operator} ${language.value}`, (signal) => readAll(operator, signal), {
    everyMs: 10_000,
  });
  const { remote } = handle;
  return (
    <Page title={t("home.title")}>
      <RemoteView handle={handle}>
        {(overview) => <VerdictNotice verdict={verdictFor(overview, operator)} servers={activeOf(overview)} />}
      </RemoteView>
      {remote.phase !== "failed" && (
        <Sections operator={operator} overview={remote.phase === "ready" ? remote.value : null} />
      )}
    </Page>
  );
};
