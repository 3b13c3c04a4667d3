import { differingPaths } from "./fronts.ts";
import type { Rule } from "./rules.ts";
import type { Plan, PlannedResource } from "./terraform.ts";

const PUBLIC = ["authorize-start", "confirm-callback", "mail-servers", "send-mail"];

type Values = Readonly<Record<string, unknown>>;
const blocks = (value: unknown): readonly Values[] => (Array.isArray(value) ? value : []).map((one) => Object(one));
const block = (value: unknown): Values => blocks(value)[0] ?? {};
const isOn = (plan: Plan): boolean => plan.input("edge") !== null;
const named = (plan: Plan, type: string, name: string): PlannedResource | undefined =>
  plan.ofType(type).find(({ values }) => values.name === name);

/** Terraform makes the path rules in the order of the functions' names. What each calls is known once it is applied. */
const pathRules = (plan: Plan) =>
  blocks(block(named(plan, "google_compute_url_map", "relais-edge")?.values.path_matcher).path_rule).map(
    ({ paths }, at) => ({ paths: (Array.isArray(paths) ? paths : []).map(String), chooses: PUBLIC[at] ?? "nothing" }),
  );

const throttles = (plan: Plan) =>
  plan
    .ofType("google_compute_security_policy")
    .flatMap(({ values }) => blocks(values.rule))
    .toSorted((a, b) => Number(a.priority) - Number(b.priority))
    .map(({ action, match, rate_limit_options: limits }) => {
      const { exceed_action, enforce_on_key, rate_limit_threshold } = block(limits);
      return {
        action,
        of: String(block(block(match).expr).expression ?? "*"),
        refuses: `${exceed_action} by ${enforce_on_key}`,
        perMinute: (Number(block(rate_limit_threshold).count) * 60) / Number(block(rate_limit_threshold).interval_sec),
      };
    });

const given = (plan: Plan, limit: string): number => Number(Object(plan.input("edge"))[limit]);

/** What must be true of the load balancer in front; without one, nothing of it may be planned. */
export const EDGE_RULES: readonly Rule[] = [
  {
    name: "there is a load balancer exactly if it is asked for",
    check: (plan) =>
      plan.ofType("google_compute_global_forwarding_rule").length > 0 === isOn(plan)
        ? []
        : ["the load balancer is not what `edge` says"],
    broken: {
      file: "edge.tf",
      from: "count  = var.edge == null ? 0 : 1",
      to: "count  = 0",
      says: /not what `edge` says/,
    },
  },
  {
    name: "the load balancer calls the functions that Hosting calls, for every path",
    check: (plan) => (isOn(plan) ? differingPaths(pathRules(plan)) : []),
    broken: {
      file: "edge.tf",
      from: 'replace(one.source, "/**", "/*")',
      to: 'replace(one.source, "/**", "")',
      says: /\/v1\/servers: Hosting calls mail-servers, and the load balancer console/,
    },
  },
  {
    name: "every request is limited by address, and consents and sign-ins more strictly",
    check: (plan) => {
      if (!isOn(plan)) return [];
      const [strict, rest, last] = throttles(plan);
      const refuses = [strict, rest].every(
        (one) => one?.action === "throttle" && one.refuses === "deny(429) by IP" && one.perMinute > 0,
      );
      return [
        ...(refuses && rest?.of === "*" && last?.action === "allow" ? [] : ["not every request is limited by address"]),
        ...["/google_gmail", "/v1/session"]
          .filter((path) => strict?.of.includes(`startsWith('${path}')`) !== true)
          .map((path) => `${path} is not limited more strictly`),
        ...(strict?.perMinute === given(plan, "sign_ins_per_minute") &&
        rest?.perMinute === given(plan, "requests_per_minute")
          ? []
          : ["the limits are not those of `edge`"]),
      ];
    },
    broken: [
      {
        file: "modules/edge/armor.tf",
        from: 'enforce_on_key = "IP"',
        to: 'enforce_on_key = "ALL"',
        says: /not every request is limited by address/,
      },
      {
        file: "modules/edge/armor.tf",
        from: ".startsWith('/v1/session')",
        to: ".startsWith('/v1/sessions')",
        says: /\/v1\/session is not limited more strictly/,
      },
      {
        file: "edge.tf",
        from: "sign_ins_per_minute = var.edge.sign_ins_per_minute",
        to: "sign_ins_per_minute = var.edge.requests_per_minute",
        says: /the limits are not those of `edge`/,
      },
    ],
  },
  {
    name: "the load balancer speaks TLS 1.2 or later for its domain, and redirects plain HTTP with its query",
    check: (plan) => {
      if (!isOn(plan)) return [];
      const ports = plan.ofType("google_compute_global_forwarding_rule").map(({ values }) => String(values.port_range));
      const redirect = block(named(plan, "google_compute_url_map", "relais-to-https")?.values.default_url_redirect);
      const [tls] = plan.ofType("google_compute_ssl_policy");
      const domains = plan.ofType("google_compute_managed_ssl_certificate").map(({ values }) => block(values.managed));
      return [
        ...(ports.toSorted().join() === "443,80" ? [] : [`ports ${ports.join()}`]),
        ...(redirect.https_redirect === true && redirect.strip_query === false ? [] : ["plain HTTP is not redirected"]),
        ...(tls?.values.min_tls_version === "TLS_1_2" ? [] : ["TLS may be older than 1.2"]),
        ...(String(domains[0]?.domains) === Object(plan.input("edge")).domain ? [] : ["the certificate is another's"]),
      ];
    },
    broken: [
      {
        file: "modules/edge/main.tf",
        from: "https_redirect         = true",
        to: "https_redirect         = false",
        says: /plain HTTP is not redirected/,
      },
      {
        file: "modules/edge/main.tf",
        from: '"TLS_1_2"',
        to: '"TLS_1_0"',
        says: /TLS may be older than 1\.2/,
      },
    ],
  },
  {
    name: "the load balancer reaches Hosting by Hosting's own name",
    check: (plan) => {
      const console = named(plan, "google_compute_backend_service", "relais-console")?.values.custom_request_headers;
      return !isOn(plan) || /^Host: [a-z0-9-]+\.web\.app$/.test(String(console))
        ? []
        : ["Hosting would answer 404, because it knows no site of that name"];
    },
    broken: {
      file: "modules/edge/main.tf",
      from: '["Host: ${local.console_host}"]',
      to: '["Host: ${var.domain}"]',
      says: /Hosting would answer 404/,
    },
  },
  {
    name: "the load balancer's log has no code of a consent, neither of a function nor of a redirect",
    check: (plan) =>
      !isOn(plan) ||
      plan
        .ofType("google_logging_project_exclusion")
        .some(
          ({ values }) =>
            values.filter === 'resource.type="http_load_balancer" AND httpRequest.requestUrl:"/google_gmail"',
        )
        ? []
        : ["the load balancer logs URLs with the code of a consent"],
    broken: {
      file: "logs.tf",
      from: 'httpRequest.requestUrl:\\"/google_gmail\\"',
      to: 'httpRequest.requestUrl:\\"/google\\"',
      says: /logs URLs with the code of a consent/,
    },
  },
];
