# Alarms for operators. Each one carries its runbook, which a test checks; var.notification_channels says who is told.

locals {
  runbook = file("${path.module}/playbooks/alarms.md")

  # An @domain among operators is no address that mail could go to.
  operator_addresses    = toset([for entry in var.operators : entry if !startswith(entry, "@")])
  notification_channels = var.notification_channels != null ? var.notification_channels : [for channel in google_monitoring_notification_channel.operator : channel.id]
}

resource "google_monitoring_notification_channel" "operator" {
  for_each = var.notification_channels == null ? local.operator_addresses : []

  display_name = "${local.title}: ${each.key}"
  type         = "email"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.required]
}

# Every log line of Relais has a `code` (functions/runtime/log-events.ts explains each). The platform's report that it
# has killed an instance, for example for its memory use, has none and is in a log of its own
# (cloud.google.com/run/docs/logging#container-logs).
resource "google_logging_metric" "errors" {
  name        = "${local.lead}relais/errors"
  description = "Log lines of severity ERROR, by function and code."
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${join(" OR ", [for service in values(local.services) : "\"${service}\""])}) AND severity>=ERROR AND (jsonPayload.code:* OR log_id(\"run.googleapis.com/varlog/system\"))"

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

resource "google_monitoring_alert_policy" "errors" {
  display_name          = "${local.title}: errors"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "A log line of severity ERROR"
    condition_threshold {
      filter          = "resource.type=\"cloud_run_revision\" AND metric.type=\"logging.googleapis.com/user/${google_logging_metric.errors.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.code"]
      }
    }
  }

  documentation {
    subject = "Relais logs an error"
    content = local.runbook
  }

  # Monitoring learns of a new metric only after some minutes and refuses alarms on it before; the builds take that
  # long.
  depends_on = [module.function]
}

resource "google_monitoring_alert_policy" "dead_letters" {
  display_name          = "${local.title}: dead letters"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "A message that no function could take"
    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=monitoring.regex.one_of(${join(", ", [for s in google_pubsub_subscription.dead_letters : "\"${s.name}\""])}) AND metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_MAX"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["resource.label.subscription_id"]
      }
    }
  }

  documentation {
    subject = "Relais has dead letters"
    content = local.runbook
  }

  depends_on = [google_project_service.required]
}

# A function that cannot start logs no code, and its pushes become dead letters only after hours. A stopped Scheduler
# causes no error at all.
resource "google_monitoring_alert_policy" "standstill" {
  display_name          = "${local.title}: standstill"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "A push has waited for a quarter of an hour"
    condition_threshold {
      filter          = "resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=one_of(${join(", ", [for s in google_pubsub_subscription.push : "\"${s.name}\""])}) AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
      comparison      = "COMPARISON_GT"
      threshold_value = 900
      duration        = "300s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_MAX"
        cross_series_reducer = "REDUCE_MAX"
        group_by_fields      = ["resource.label.subscription_id"]
      }
    }
  }

  conditions {
    display_name = "A tick has not come for an hour"
    condition_absent {
      filter   = "resource.type=\"cloud_run_revision\" AND resource.label.service_name=one_of(${join(", ", [for name in ["refresh-tokens", "dispatch-due"] : "\"${local.services[name]}\""])}) AND metric.type=\"run.googleapis.com/request_count\""
      duration = "3600s"
      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.service_name"]
      }
    }
  }

  documentation {
    subject = "Relais stands still"
    content = local.runbook
  }

  depends_on = [module.function]
}
