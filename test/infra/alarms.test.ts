import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { DAY, HOUR, MINUTE } from "../../functions/domain/clock.ts";
import { deliverMessage } from "../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../functions/domain/messages/due/dispatch.ts";
import { Unavailable } from "../../functions/domain/problem.ts";
import { answerPush } from "../../functions/runtime/event-edge.ts";
import type { Route } from "../../functions/runtime/http.ts";
import { healthRoute } from "../../functions/runtime/http-edge.ts";
import { jsonLogger } from "../../functions/runtime/logger.ts";
import { type Delivery, delivery, refuses } from "../builders/delivery.ts";
import { SETUP_TOKEN, serveRoutes, testSystem } from "../builders/edge.ts";
import { startWorks } from "../integration/connections/workers.ts";
import { copy, firstPlan, missing } from "./first-plan.ts";
import { mistakesIn, parseFilter } from "./google-metrics.ts";
import { type LogEntry, matches } from "./log-filter.ts";
import type { Plan, PlannedResource } from "./terraform.ts";

const STDOUT = "run.googleapis.com/stdout";

/** What a function writes to its log, as Cloud Logging takes it. */
const listening = (service: string) => {
  const entries: LogEntry[] = [];
  const log = jsonLogger({
    write: (line) => {
      const { severity, ...jsonPayload } = JSON.parse(line);
      entries.push({ log: STDOUT, severity, service, jsonPayload });
    },
    nowMs: () => 0,
    component: service,
    build: { version: "0.0.0", commit: "test" },
    projectId: null,
  });
  return { log, entries };
};

type Values = Readonly<Record<string, unknown>>;

/** All blocks of this name, however deep. */
const blocksIn = (value: unknown, name: string): readonly Values[] => {
  if (Array.isArray(value)) return value.flatMap((one) => blocksIn(one, name));
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === name && Array.isArray(inner) ? inner.map((one) => Object(one)) : blocksIn(inner, name),
  );
};

/** Symptoms are made by Relais's own code, and the plan's filters must find them in what it logged. */
describe("infra: alarms and what they are about", { skip: missing ?? false }, () => {
  let plan: Plan;
  before(async () => {
    plan = await firstPlan();
  });

  const metric = (name: string): PlannedResource =>
    plan.ofType("google_logging_metric").find(({ values }) => values.name === `relais/${name}`) ??
    assert.fail(`there is no metric relais/${name}`);
  const found = (name: string, entries: readonly LogEntry[]): readonly LogEntry["jsonPayload"][] =>
    entries.filter((entry) => matches(String(metric(name).values.filter), entry)).map(({ jsonPayload }) => jsonPayload);
  const alarmed = (alarm: string): string => {
    const policy = plan
      .ofType("google_monitoring_alert_policy")
      .find(({ values }) => values.display_name === `Relais: ${alarm}`);
    return JSON.stringify(policy?.values.conditions ?? assert.fail(`there is no alarm "${alarm}"`));
  };
  const conditionsOf = (alarm: string): readonly Values[] =>
    blocksIn(JSON.parse(alarmed(alarm)), "condition_threshold");
  const isAlarmedBy = (alarm: string, code: unknown): boolean => alarmed(alarm).includes(`\\"${code}\\"`);

  const withMail = async (
    act: (stack: Delivery, deps: Delivery["deps"]) => Promise<void>,
  ): Promise<readonly LogEntry[]> => {
    const stack = await delivery();
    const { log, entries } = listening("deliver-mail");
    await act(stack, { ...stack.deps, log });
    return entries;
  };

  it("a thrown error and a push that is none of ours raise defects", async () => {
    const { log, entries } = listening("deliver-mail");
    const push = (message: object) => Buffer.from(JSON.stringify({ message }));
    const broken = () => Promise.reject(new TypeError("a bug"));
    assert.equal(await answerPush(broken, { log }, push({ messageId: "1", data: "" })), 500);
    assert.equal(await answerPush(broken, { log }, Buffer.from("not JSON")), 204);
    const codes = found("errors", entries).map(({ code }) => code);
    assert.deepEqual(codes, ["push_defect", "push_malformed"]);
    for (const code of codes) assert.ok(isAlarmedBy("defects", code), String(code));
  });

  it("an instance that the platform kills raises defects, without a code", () => {
    const killed = { severity: "ERROR", service: "send-mail", jsonPayload: {} } as const;
    assert.equal(found("errors", [{ ...killed, log: "run.googleapis.com/varlog/system" }]).length, 1);
    assert.equal(found("errors", [{ ...killed, log: STDOUT }]).length, 0);
    assert.ok(isAlarmedBy("defects", ""));
  });

  it("an error that passes raises nothing by itself", () => {
    for (const code of ["dependency_unavailable", "write_contended", "announce_failed", "message_publish_failed"])
      for (const alarm of ["defects", "OAuth client refused"]) assert.ok(!isAlarmedBy(alarm, code), code);
  });

  it("what another service logs counts nowhere", () => {
    const other: LogEntry = {
      log: STDOUT,
      severity: "ERROR",
      service: "shop",
      jsonPayload: { code: "message_moved", to: "sent" },
    };
    for (const { values } of plan.ofType("google_logging_metric"))
      assert.ok(!matches(String(values.filter), other), String(values.name));
  });

  it("a mail counts with the time that it took; one that was held does not", async () => {
    const lines = await withMail(async (stack, deps) => {
      await stack.accept("msg_1");
      stack.clock.advance(2_000);
      await deliverMessage(deps, "msg_1");
      await stack.accept("msg_2");
      stack.clock.advance(90_000);
      await deliverMessage(deps, "msg_2");
    });
    assert.deepEqual(
      found("handed_over", lines).map(({ id, waitedMs }) => [id, waitedMs]),
      [
        ["msg_1", 2_000],
        ["msg_2", 90_000],
      ],
    );
    const [sent] = lines.filter(({ jsonPayload }) => jsonPayload.to === "sent");
    assert.ok(sent);
    assert.deepEqual(found("handed_over", [{ ...sent, jsonPayload: { ...sent.jsonPayload, held: true } }]), []);
    assert.match(JSON.stringify(plan.ofType("google_monitoring_slo").map(({ values }) => values)), /"max":60000/);
  });

  it("a mail that Gmail puts off counts as deferred, with its problem, and is due at a tick", async () => {
    const lines = await withMail(async (stack, deps) => {
      await stack.accept("msg_1");
      stack.gmail = refuses("rcpt", 451, "4.2.1", "Try again later");
      await deliverMessage(deps, "msg_1");
      stack.clock.advance(600_000);
      await dispatchDue(deps);
    });
    const [moved] = found("messages", lines);
    assert.equal(moved?.to, "deferred");
    assert.ok(alarmed("deferrals").includes(`metric.label.to=\\"${moved?.to}\\"`));
    const [due] = found("due", lines);
    assert.deepEqual([due?.status, due?.count], ["deferred", 1]);
    assert.ok(Number(found("overdue", lines)[0]?.oldestMs) > 0);
  });

  it("labels hold codes and statuses only", async () => {
    const lines = await withMail(async (stack, deps) => {
      await stack.accept("msg_1");
      await deliverMessage(deps, "msg_1");
    });
    const labels = plan
      .ofType("google_logging_metric")
      .flatMap(({ values }) => Object.values(Object(values.label_extractors)).map(String));
    const known = ["because", "code", "credential", "kind", "problem", "proof", "reason", "state", "status", "to"];
    assert.deepEqual(
      [...new Set(labels)].toSorted(),
      known.map((label) => `EXTRACT(jsonPayload.${label})`),
    );
    assert.ok(!JSON.stringify(lines).includes("@"), "no address is logged");
  });

  it("an outage of Google's OAuth leaves grants unproven, and a refused client is told at once", async () => {
    const works = await startWorks();
    const { relais } = works;
    const entries = (): readonly LogEntry[] =>
      relais.lines.map(({ severity, code, fields }) => ({
        log: STDOUT,
        severity: severity === "warn" ? "WARNING" : severity === "error" ? "ERROR" : "INFO",
        service: "refresh-tokens",
        jsonPayload: { ...fields, code },
      }));
    try {
      const server = await relais.addServer();
      await works.connect(server, "ada@example.com");
      relais.clock.advance(DAY);
      await works.push("token-checks", { server });
      relais.clock.advance(30 * HOUR + MINUTE);
      relais.sandbox.control.set({ fault: "http_error", at: "token", status: 503 }, { times: 8 });
      await works.push("token-checks", { server });
      assert.deepEqual(
        found("checks", entries()).map(({ kind }) => kind),
        ["checked", "postponed"],
      );
      assert.deepEqual(
        found("grants", entries()).map(({ proof }) => proof),
        ["in_time", "late"],
      );
      assert.ok(found("unreachable", entries()).length > 0);
      relais.sandbox.control.clear();
      relais.sandbox.control.set({ fault: "token_error", error: "invalid_client", status: 401 }, { times: 8 });
      relais.clock.advance(DAY);
      await works.push("token-checks", { server });
      await works.push("mail-dispatch", { tick: true });
      const [refused] = found("errors", entries());
      assert.equal(refused?.code, "oauth_client_rejected");
      assert.ok(isAlarmedBy("OAuth client refused", refused?.code));
    } finally {
      await works.close();
    }
    const slos = JSON.stringify(plan.ofType("google_monitoring_slo").map(({ values }) => values));
    assert.match(slos, /user\/relais\/grants\W+ AND [^,]*metric\.label\.proof=\W+in_time/);
  });

  it("a store that is away fails requests and pushes, which Cloud Run counts as 5xx and Pub/Sub as dead letters", async () => {
    const system = testSystem();
    const away = () => Promise.reject(new Unavailable("read a record", { cause: null }));
    const route: Route = { method: "GET", path: "/v1/messages", access: "programs", handle: away };
    const served = await serveRoutes([route], system);
    const answer = await fetch(`${served.origin}${route.path}`, {
      headers: { Authorization: `Bearer ${SETUP_TOKEN}` },
    });
    await served.close();
    const envelope = Buffer.from(JSON.stringify({ message: { messageId: "1", data: "" } }));
    const pushed = await answerPush(away, system, envelope);
    system.close();
    assert.deepEqual([answer.status, pushed], [503, 503]);
    const answered = plan.ofType("google_monitoring_slo").find(({ values }) => values.slo_id === "answered");
    const [ratio] = blocksIn(answered?.values, "good_total_ratio");
    const { labels } = parseFilter(String(ratio?.bad_service_filter));
    assert.deepEqual(labels["metric.label.response_code_class"], [`${String(answer.status)[0]}xx`]);
    assert.deepEqual(labels["resource.label.service_name"]?.toSorted(), [
      ...["authorize-start", "confirm-callback", "mail-servers", "send-mail"],
    ]);
    const deadLetters = plan
      .ofType("google_pubsub_subscription")
      .flatMap(({ values }) => (String(values.name).endsWith("-dead-letters") ? [values.name] : []));
    const [dead] = conditionsOf("dead letters");
    const watched = parseFilter(String(dead?.filter)).labels["resource.label.subscription_id"];
    assert.deepEqual([watched?.toSorted(), dead?.threshold_value], [deadLetters.toSorted(), 0]);
  });

  it("what answers in the place of /health, or does not start, passes no check from outside", async () => {
    const system = testSystem();
    const served = await serveRoutes([healthRoute(system.build)], system);
    const texts = await Promise.all(
      ["/health", "/nothing"].map(async (path) => (await fetch(served.origin + path)).text()),
    );
    await served.close();
    system.close();
    const [check] = plan.ofType("google_monitoring_uptime_check_config");
    const [{ content = "", matcher = "" } = {}] = blocksIn(check?.values, "content_matchers");
    assert.equal(matcher, "CONTAINS_STRING");
    const passes = [...texts, "<title>Site Not Found</title>", ""].map((text) => text.includes(String(content)));
    assert.deepEqual(passes, [true, false, false, false]);
  });

  it("every alarm and objective looks at metrics, labels and resources that exist, in a way that they allow", () => {
    const looked = plan.ofType("google_monitoring_alert_policy").flatMap(({ values }) =>
      ["condition_threshold", "condition_absent"]
        .flatMap((kind) => blocksIn(values, kind))
        .filter(({ filter }) => filter !== undefined && !String(filter).startsWith("select_slo_burn_rate("))
        .map((condition) => {
          const [{ per_series_aligner = null, group_by_fields = [] } = {}] = blocksIn(condition, "aggregations");
          const grouped = Array.isArray(group_by_fields) ? group_by_fields.map(String) : [];
          return {
            filter: String(condition.filter),
            aligner: typeof per_series_aligner === "string" ? per_series_aligner : null,
            grouped,
          };
        }),
    );
    assert.ok(looked.length >= 8);
    const objectives = plan
      .ofType("google_monitoring_slo")
      .flatMap(({ values }) => [...JSON.stringify(values).matchAll(/"\w+_filter":("(?:[^"\\]|\\.)+")/g)])
      .map(([, text = ""]) => ({ filter: String(JSON.parse(text)), aligner: null, grouped: [] }));
    assert.ok(objectives.length >= 5);
    // The id of the check from outside is known only after an apply.
    const source = readFileSync(join(copy.directory, "infra/alerts.tf"), "utf8");
    const outside = /"(metric\.type=\\"monitoring\.googleapis\.com.*)"$/m.exec(source)?.[1] ?? assert.fail();
    const unreachable = {
      filter: outside.replaceAll('\\"', '"').replace(/\$\{.*?\}/, "check"),
      aligner: "ALIGN_NEXT_OLDER",
      grouped: [],
    };
    const mistakes = [...looked, ...objectives, unreachable].flatMap(({ filter, aligner, grouped }) =>
      mistakesIn(filter, aligner, grouped),
    );
    assert.deepEqual(mistakes, []);
  });

  it("excludes the addresses of callbacks from the log, and nothing that Relais itself writes", () => {
    const exclusions = plan.ofType("google_logging_project_exclusion");
    const excluded = (entry: Omit<LogEntry, "severity" | "jsonPayload">): boolean =>
      exclusions.some(({ values }) => matches(String(values.filter), { severity: "INFO", jsonPayload: {}, ...entry }));
    assert.ok(excluded({ log: "run.googleapis.com/requests", service: "confirm-callback" }));
    assert.ok(!excluded({ log: STDOUT, service: "confirm-callback" }));
    assert.ok(!excluded({ log: "run.googleapis.com/requests", service: "send-mail" }));
    const balanced = { log: "requests", service: "relais-edge", resource: "http_load_balancer" } as const;
    for (const scheme of ["https", "http"])
      assert.ok(excluded({ ...balanced, url: `${scheme}://relais.example.com/google_gmail/confirm?code=4/x` }));
    assert.ok(!excluded({ ...balanced, url: "https://relais.example.com/v1/messages" }));
  });
});
