/**
 * The metrics of Google's own that alarms and objectives look at, as Google's list describes them: Relais makes none of
 * their values, so only their names, labels and kinds can be compared (cloud.google.com/monitoring/api/metrics_gcp).
 */
interface GoogleMetric {
  readonly resource: string;
  readonly resourceLabels: readonly string[];
  readonly labels: readonly string[];
  readonly kind: "GAUGE INT64" | "GAUGE BOOL" | "DELTA INT64";
}

const SUBSCRIPTION = { resource: "pubsub_subscription", resourceLabels: ["project_id", "subscription_id"], labels: [] };

const METRICS: Readonly<Record<string, GoogleMetric>> = {
  "run.googleapis.com/request_count": {
    resource: "cloud_run_revision",
    resourceLabels: ["project_id", "service_name", "revision_name", "location", "configuration_name"],
    labels: ["response_code", "response_code_class"],
    kind: "DELTA INT64",
  },
  "pubsub.googleapis.com/subscription/num_undelivered_messages": { ...SUBSCRIPTION, kind: "GAUGE INT64" },
  "pubsub.googleapis.com/subscription/oldest_unacked_message_age": { ...SUBSCRIPTION, kind: "GAUGE INT64" },
  "serviceruntime.googleapis.com/quota/exceeded": {
    resource: "consumer_quota",
    resourceLabels: ["project_id", "service", "location"],
    labels: ["limit_name", "quota_metric"],
    kind: "GAUGE BOOL",
  },
  "monitoring.googleapis.com/uptime_check/check_passed": {
    resource: "uptime_url",
    resourceLabels: ["project_id", "host"],
    labels: ["checker_location", "check_id", "checked_resource_id"],
    kind: "GAUGE BOOL",
  },
};

/** Which kinds of metrics an aligner takes (cloud.google.com/monitoring/api/ref_v3/rest/v3/projects.alertPolicies). */
const ALIGNERS: Readonly<Record<string, readonly GoogleMetric["kind"][]>> = {
  ALIGN_SUM: ["GAUGE INT64", "DELTA INT64"],
  ALIGN_MAX: ["GAUGE INT64"],
  ALIGN_DELTA: ["DELTA INT64"],
  ALIGN_COUNT_TRUE: ["GAUGE BOOL"],
  ALIGN_NEXT_OLDER: ["GAUGE INT64", "GAUGE BOOL"],
};

const COMPARES = /^((?:metric|resource)\.labels?\.\w+|metric\.type|resource\.type)=(.+)$/s;
const TEXT = /^"[^"]*"$/;
/** The functions of Monitoring's filters that infra/ uses (cloud.google.com/monitoring/api/v3/filters). */
const FUNCTION = /^(one_of|monitoring\.regex\.full_match)\(("[^"]*"(?:, "[^"]*")*)\)$/;

export interface MonitoringFilter {
  readonly metric: string;
  readonly resource: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

/** Parses a filter of Monitoring in the part of its language that infra/ uses; it throws at anything else. */
export const parseFilter = (filter: string): MonitoringFilter => {
  const found: Record<string, readonly string[]> = {};
  for (const part of filter.split(" AND ")) {
    const [, field = "", value = ""] = COMPARES.exec(part) ?? [];
    const list = TEXT.test(value) ? value : FUNCTION.exec(value)?.[2];
    if (field === "" || list === undefined) throw new Error(`Monitoring knows no such filter: ${part}`);
    found[field.replace(".labels.", ".label.")] = list.split(", ").map((one) => one.slice(1, -1));
  }
  const { "metric.type": metric, "resource.type": resource, ...labels } = found;
  return { metric: metric?.[0] ?? "", resource: resource?.[0] ?? "", labels };
};

/** What is wrong with a look at a metric of Google's; empty for one of Relais's own. */
export const mistakesIn = (filter: string, aligner: string | null, groupedBy: readonly string[]): readonly string[] => {
  const { metric, resource, labels } = parseFilter(filter);
  if (metric.startsWith("logging.googleapis.com/user/")) return [];
  const known = METRICS[metric];
  if (known === undefined) return [`${metric} is not in the table of Google's metrics`];
  const names = [...Object.keys(labels), ...groupedBy];
  const exist = [
    ...known.labels.map((name) => `metric.label.${name}`),
    ...known.resourceLabels.map((name) => `resource.label.${name}`),
  ];
  return [
    ...(resource === known.resource ? [] : [`${metric} is written to ${known.resource}, not to ${resource}`]),
    ...names.filter((name) => !exist.includes(name)).map((name) => `${metric} has no ${name}`),
    ...(aligner === null || ALIGNERS[aligner]?.includes(known.kind) === true
      ? []
      : [`${aligner} takes no ${known.kind}`]),
  ];
};
