# What the log says, as numbers. Every line of Relais has a `code` (functions/runtime/log-events.ts explains each);
# labels take only codes and statuses, of which there are few. A test matches each filter against lines that the code
# has made.

locals {
  all_services = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for service in values(local.services) : "\"${service}\""])})"

  counters = {
    messages    = { code = "message_moved", labels = ["to", "problem", "because"], says = "Messages sent, deferred, held, refused or given up." }
    accepted    = { code = "message_accepted", labels = ["status"], says = "Messages accepted, by their first status." }
    checks      = { code = "server_checked", labels = ["kind", "state"], says = "Checks of grants, and the state of the connection that each found." }
    grants      = { code = "grant_judged", labels = ["proof"], says = "Grants by whether Relais knew in time that they are alive, once for each and a day." }
    refusals    = { code = "credential_refused", labels = ["credential"], says = "Reports of refused setup tokens, keys and ID tokens." }
    reconnect   = { code = "connection_reconnect_required", labels = ["reason"], says = "Grants that Google has ended." }
    unreachable = { code = "google_unreachable", labels = ["reason"], says = "Questions about grants that Google did not answer." }
  }

  distributions = {
    handed_over = {
      filter = "jsonPayload.code=\"message_moved\" AND jsonPayload.to=\"sent\" AND jsonPayload.held=false"
      value  = "waitedMs", unit = "ms", labels = []
      says   = "From the acceptance of a message (or its scheduled time) to Gmail's 250, without those that were held."
    }
    due = {
      filter = "jsonPayload.code=\"messages_due\""
      value  = "count", unit = "1", labels = ["status"]
      says   = "Messages that a tick found due, by status."
    }
    overdue = {
      filter = "jsonPayload.code=\"messages_due\""
      value  = "oldestMs", unit = "ms", labels = ["status"]
      says   = "How long the longest due message of a tick had been due, by status."
    }
  }

  # In milliseconds, with a bound at each objective.
  time_bounds = [100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 120000, 300000, 900000, 3600000, 14400000, 86400000, 259200000]

  metric_type = {
    for name, metric in merge(google_logging_metric.counter, google_logging_metric.distribution, { errors = google_logging_metric.errors }) :
    name => "metric.type=\"logging.googleapis.com/user/${metric.name}\" AND resource.type=\"cloud_run_revision\""
  }
}

# The platform's report that it has killed an instance, for example for its memory use, has no code and is in a log of
# its own (cloud.google.com/run/docs/logging#container-logs).
resource "google_logging_metric" "errors" {
  name        = "${local.lead}relais/errors"
  description = "Log lines of severity ERROR, by code."
  filter      = "${local.all_services} AND severity>=ERROR AND (jsonPayload.code:* OR log_id(\"run.googleapis.com/varlog/system\"))"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    labels {
      key        = "code"
      value_type = "STRING"
    }
  }
  label_extractors = {
    code = "EXTRACT(jsonPayload.code)"
  }

  depends_on = [google_project_service.required]
}

resource "google_logging_metric" "counter" {
  for_each = local.counters

  name        = "${local.lead}relais/${each.key}"
  description = each.value.says
  filter      = "${local.all_services} AND jsonPayload.code=\"${each.value.code}\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  depends_on = [google_project_service.required]
}

resource "google_logging_metric" "distribution" {
  for_each = local.distributions

  name            = "${local.lead}relais/${each.key}"
  description     = each.value.says
  filter          = "${local.all_services} AND ${each.value.filter}"
  value_extractor = "EXTRACT(jsonPayload.${each.value.value})"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = each.value.unit

    dynamic "labels" {
      for_each = each.value.labels
      content {
        key        = labels.value
        value_type = "STRING"
      }
    }
  }
  label_extractors = { for label in each.value.labels : label => "EXTRACT(jsonPayload.${label})" }

  bucket_options {
    dynamic "explicit_buckets" {
      for_each = each.value.unit == "ms" ? [local.time_bounds] : []
      content {
        bounds = explicit_buckets.value
      }
    }
    dynamic "exponential_buckets" {
      for_each = each.value.unit == "ms" ? [] : [1]
      content {
        growth_factor      = 2
        num_finite_buckets = 24
        scale              = exponential_buckets.value
      }
    }
  }

  depends_on = [google_project_service.required]
}
