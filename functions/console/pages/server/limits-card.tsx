import { useId } from "preact/hooks";
import type { Limits, MailServer, Usage } from "../../api/types.ts";
import { problemText } from "../../i18n/problem-text.ts";
import { api } from "../../state/api.ts";
import { language, number, t, when } from "../../state/language.ts";
import { useRemote } from "../../state/remote.ts";
import { Card } from "../../widgets/card.tsx";
import { Notice } from "../../widgets/notice.tsx";
import { RemoteView } from "../../widgets/remote-view.tsx";

interface GaugeProps {
  readonly label: string;
  readonly used: number;
  readonly limit: number;
}

/** The share at which Relais also warns operators (`relais.server.quota_warning.v1`). */
const HIGH = 0.9;

const Gauge = ({ label, used, limit }: GaugeProps) => {
  const id = useId();
  return (
    <div>
      <dt id={id}>{label}</dt>
      <dd>
        <meter aria-labelledby={id} min={0} max={limit} high={limit * HIGH} optimum={0} value={Math.min(used, limit)} />
        <span>{t("limits.of", { used: number(used), limit: number(limit) })}</span>
      </dd>
    </div>
  );
};

const Gauges = ({ limits, usage }: { readonly limits: Limits; readonly usage: Usage }) => (
  <>
    <dl class="facts">
      <Gauge label={t("limits.minute")} used={usage.lastMinute} limit={limits.perMinute} />
      <Gauge label={t("limits.day")} used={usage.lastDay} limit={limits.perDay} />
    </dl>
    {usage.blockedUntil !== null && (
      <Notice tone="warn" title={t("limits.blocked", { at: when(usage.blockedUntil) })} live={false}>
        <p>{problemText("quota_reached", language.value).advice}</p>
      </Notice>
    )}
  </>
);

interface Props {
  readonly server: MailServer;
  /** Counts what was sent or tested on this page, which uses up the limits at once. */
  readonly activity: number;
}

/** How much of the server's limits is used up; beyond them, messages are held until there is room. */
export const LimitsCard = ({ server: { id, limits }, activity }: Props) => {
  const usage = useRemote(`usage ${id}`, (signal) => api.servers.usage(id, signal), {
    everyMs: 10_000,
    after: activity,
  });
  if (limits === null) return null;
  return (
    <Card title={t("limits.title")}>
      <RemoteView handle={usage}>{(value) => <Gauges limits={limits} usage={value} />}</RemoteView>
      <p class="hint">{t("limits.hint")}</p>
    </Card>
  );
};
