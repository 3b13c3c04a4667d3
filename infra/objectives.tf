# What Relais promises, and the alarms that are raised when the promise is being broken fast.

resource "google_monitoring_custom_service" "relais" {
  service_id   = "${local.lead}relais"
  display_name = local.title

  depends_on = [google_project_service.required]
}

locals {
  called_services = join(", ", [for name, f in local.functions : "\"${local.services[name]}\"" if f.public])
  requests        = "metric.type=\"run.googleapis.com/request_count\" AND resource.type=\"cloud_run_revision\" AND resource.label.service_name=one_of(${local.called_services})"
}

# Objectives and alarms on metrics of ours wait for the builds, because Monitoring learns of a new metric only after
# some minutes and refuses what names it before.
resource "google_monitoring_slo" "handed_over" {
  service             = google_monitoring_custom_service.relais.service_id
  slo_id              = "handed-over"
  display_name        = "Gmail has a message within 60 s"
  goal                = 0.99
  rolling_period_days = 28

  request_based_sli {
    distribution_cut {
      distribution_filter = local.metric_type.handed_over
      range {
        max = 60000
      }
    }
  }

  depends_on = [module.function]
}

resource "google_monitoring_slo" "proven" {
  service             = google_monitoring_custom_service.relais.service_id
  slo_id              = "proven"
  display_name        = "A grant is known to be alive or dead within 30 hours"
  goal                = 0.99
  rolling_period_days = 28

  request_based_sli {
    good_total_ratio {
      good_service_filter  = "${local.metric_type.grants} AND metric.label.proof=\"in_time\""
      total_service_filter = local.metric_type.grants
    }
  }

  depends_on = [module.function]
}

resource "google_monitoring_slo" "answered" {
  service             = google_monitoring_custom_service.relais.service_id
  slo_id              = "answered"
  display_name        = "Requests are not answered with an error of ours"
  goal                = 0.995
  rolling_period_days = 28

  request_based_sli {
    good_total_ratio {
      bad_service_filter   = "${local.requests} AND metric.label.response_code_class=\"5xx\""
      total_service_filter = local.requests
    }
  }

  depends_on = [module.function]
}

locals {
  promises = {
    "mail is late"          = google_monitoring_slo.handed_over.id
    "grants are not proven" = google_monitoring_slo.proven.id
    "requests fail"         = google_monitoring_slo.answered.id
  }
  # At these rates, the failures allowed in 28 days are used up in two days, or in five
  # (sre.google/workbook/alerting-on-slos).
  burn_rates = { "3600s" = 14.4, "21600s" = 6 }
}

resource "google_monitoring_alert_policy" "promise" {
  for_each = local.promises

  display_name          = "${local.title}: ${each.key}"
  combiner              = "OR"
  notification_channels = local.notification_channels

  dynamic "conditions" {
    for_each = local.burn_rates
    content {
      display_name = "The failures allowed in 28 days go ${conditions.value} times as fast as they may, within ${conditions.key}"
      condition_threshold {
        filter          = "select_slo_burn_rate(\"${each.value}\", \"${conditions.key}\")"
        comparison      = "COMPARISON_GT"
        threshold_value = conditions.value
        duration        = "0s"
      }
    }
  }

  documentation {
    subject = "${local.title}: ${each.key}"
    content = local.playbook[each.key]
  }
  depends_on = [module.function]
}
