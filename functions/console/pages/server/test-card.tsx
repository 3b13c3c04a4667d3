import { useState } from "preact/hooks";
import type { MailServer, TestReport, TestStage } from "../../api/types.ts";
import { problemText } from "../../i18n/problem-text.ts";
import { useAction } from "../../state/action.ts";
import { api } from "../../state/api.ts";
import { language, number, t, tOr } from "../../state/language.ts";
import { Badge } from "../../widgets/badge.tsx";
import { Card } from "../../widgets/card.tsx";
import { Notice, ProblemNotice } from "../../widgets/notice.tsx";

/** Spans the whole table below its stage: advice needs room on a narrow screen. */
const StageProblem = ({ stage }: { readonly stage: TestStage }) => {
  if (stage.ok) return null;
  const { code, upstream } = stage.problem;
  const { title, advice } = problemText(code, language.value);
  return (
    <tr class="more">
      <td colSpan={3}>
        <p>
          <strong>{title}</strong>
        </p>
        <p>{advice}</p>
        {upstream && <blockquote class="mono">{upstream}</blockquote>}
      </td>
    </tr>
  );
};

/** Empty for a step that took no time, such as one that only looks at the token's scopes. */
const durationOf = ({ ms }: TestStage): string => {
  const rounded = Math.round(ms);
  return rounded === 0 ? "" : t("test.ms", { ms: number(rounded) });
};

const Stage = ({ stage }: { readonly stage: TestStage }) => (
  <>
    <tr>
      <th scope="row">{tOr(`stage.${stage.stage}`, stage.stage)}</th>
      <td>
        <Badge
          tone={stage.ok ? "good" : "bad"}
          icon={stage.ok ? "check" : "cross"}
          text={stage.ok ? t("test.passed") : t("test.failed")}
        />
      </td>
      <td class="number">{durationOf(stage)}</td>
    </tr>
    <StageProblem stage={stage} />
  </>
);

const Stages = ({ stages }: { readonly stages: readonly TestStage[] }) => (
  <table>
    <caption class="visually-hidden">{t("test.stages")}</caption>
    <thead>
      <tr>
        <th scope="col">{t("test.stage")}</th>
        <th scope="col">{t("test.result")}</th>
        <th scope="col" class="number">
          {t("test.time")}
        </th>
      </tr>
    </thead>
    <tbody>
      {stages.map((stage) => (
        <Stage key={stage.stage} stage={stage} />
      ))}
    </tbody>
  </table>
);

const Report = ({ report, sent }: { readonly report: TestReport; readonly sent: boolean }) => (
  <>
    <Notice
      tone={report.ok ? "good" : "bad"}
      title={report.ok ? (sent ? t("test.okSent") : t("test.ok")) : t("test.notOk")}
    >
      {report.ok && sent && <p>{t("test.okSentHint")}</p>}
      {report.message && (
        <p>
          <a href={`/messages/${report.message.id}`}>{t("mail.follow")}</a>
        </p>
      )}
    </Notice>
    <Stages stages={report.stages} />
  </>
);

interface Props {
  readonly server: MailServer;
  /** Called after each test, which may change the connection's state and so its badge. */
  readonly onTested: () => Promise<void>;
}

export const TestCard = ({ server, onTested }: Props) => {
  const [shown, setShown] = useState<{ readonly report: TestReport; readonly sent: boolean } | null>(null);
  const test = useAction((sent: boolean) => (sent ? api.servers.testToSelf(server.id) : api.servers.test(server.id)));
  const run = async (sent: boolean) => {
    setShown(null);
    const result = await test.run(sent);
    if (result === null) return;
    if (result.ok) setShown({ report: result.value, sent });
    await onTested();
  };
  return (
    <Card title={t("test.title")}>
      <p class="hint">{t("test.text")}</p>
      <div class="actions">
        <button type="button" class="button primary" aria-disabled={test.busy} onClick={() => void run(false)}>
          {t("test.action")}
        </button>
        <button type="button" class="button" aria-disabled={test.busy} onClick={() => void run(true)}>
          {t("test.toSelf", { username: server.username })}
        </button>
      </div>
      <div role="status">
        {test.busy && (
          <p class="loading">
            <span class="spinner" aria-hidden="true" />
            {t("test.running")}
          </p>
        )}
      </div>
      {test.failure && <ProblemNotice failure={test.failure} />}
      {shown && <Report {...shown} />}
    </Card>
  );
};
