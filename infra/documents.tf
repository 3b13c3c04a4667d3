# mail-documents takes the documents of Firebase's extension Trigger Email (functions/mail-documents/README.md). All of
# this is made only with var.documents.

variable "documents" {
  description = "Takes Trigger Email documents: the extension's parameters, and where the database is if it is not where the records are. Null: none are taken."
  type = object({
    collection           = optional(string, "mail")
    database             = optional(string, "(default)")
    location             = optional(string)
    users_collection     = optional(string, "")
    templates_collection = optional(string, "")
    default_from         = optional(string, "")
    default_reply_to     = optional(string, "")
    ttl_expire_type      = optional(string, "never")
    ttl_expire_value     = optional(number, 1)
  })
  default = null

  validation {
    condition     = can(regex("^[^/]+(/[^/]+/[^/]+)*$", try(var.documents.collection, "mail")))
    error_message = "documents.collection must be the path of a collection, such as mail or tenants/{tenant}/mail."
  }
  validation {
    condition     = contains(["never", "hour", "day", "week", "month", "year"], try(var.documents.ttl_expire_type, "never"))
    error_message = "documents.ttl_expire_type must be never, hour, day, week, month or year."
  }
}

locals {
  takes_documents    = var.documents != null
  documents_database = try(var.documents.database, "(default)")
  documents_location = coalesce(try(var.documents.location, null), var.firestore_location)

  # The eighth entry of the map in functions.tf.
  document_functions = {
    for name, f in {
      mail-documents = {
        public        = false
        memory        = "512Mi"
        cpu           = "1"
        concurrency   = 20
        timeout_s     = 90
        max_instances = 2
        environment = {
          RELAIS_DOCUMENTS     = try(var.documents.collection, "")
          DATABASE             = local.documents_database
          USERS_COLLECTION     = try(var.documents.users_collection, "")
          TEMPLATES_COLLECTION = try(var.documents.templates_collection, "")
          DEFAULT_FROM         = try(var.documents.default_from, "")
          DEFAULT_REPLY_TO     = try(var.documents.default_reply_to, "")
          TTL_EXPIRE_TYPE      = try(var.documents.ttl_expire_type, "")
          TTL_EXPIRE_VALUE     = tostring(try(var.documents.ttl_expire_value, 1))
        }
        secret_env     = {}
        publishes_to   = ["mail-events", "mail-send"]
        push_from      = null
        ack_deadline_s = null
      }
    } : name => f if local.takes_documents
  }

  # What becomes of a mail is written into its document by the function that finds it out.
  document_writers = ["mail-documents", "deliver-mail", "dispatch-due", "send-mail", "mail-servers"]
}

resource "google_project_service" "documents" {
  count = local.takes_documents ? 1 : 0

  service            = "eventarc.googleapis.com"
  disable_on_destroy = false

  depends_on = [google_project_service.required]
}

# Each function may read and write the database of the records. Documents in another one need the same.
resource "google_project_iam_member" "documents" {
  for_each = toset(local.takes_documents && local.documents_database != local.database ? local.document_writers : [])

  project = var.project_id
  role    = "roles/datastore.user"
  member  = module.function[each.key].member

  condition {
    title      = "${local.account_lead}documents-database"
    expression = "resource.name == \"projects/${var.project_id}/databases/${local.documents_database}\""
  }
}

# The account that calls the function must also be allowed to receive events of this project.
resource "google_project_iam_member" "receives_documents" {
  count = local.takes_documents ? 1 : 0

  project = var.project_id
  role    = "roles/eventarc.eventReceiver"
  member  = "serviceAccount:${module.function["mail-documents"].push_service_account_email}"
}

# The body says nothing that Relais reads: the function reads the document itself.
resource "google_eventarc_trigger" "documents" {
  count = local.takes_documents ? 1 : 0

  name                    = "${local.account_lead}mail-documents"
  location                = local.documents_location
  service_account         = module.function["mail-documents"].push_service_account_email
  event_data_content_type = "application/protobuf"

  matching_criteria {
    attribute = "type"
    value     = "google.cloud.firestore.document.v1.written"
  }
  matching_criteria {
    attribute = "database"
    value     = local.documents_database
  }
  matching_criteria {
    attribute = "document"
    operator  = "match-path-pattern"
    value     = "${try(var.documents.collection, "")}/{document}"
  }

  destination {
    cloud_run_service {
      service = local.services["mail-documents"]
      region  = var.region
    }
  }

  # The name of the service and the account are known before the service is there, so neither waits for it.
  depends_on = [
    module.function,
    google_project_service.documents,
    google_project_iam_member.receives_documents,
    google_project_iam_member.documents,
  ]
}

# Deletes documents once their delivery.expireAt has passed, as the extension's guide has it set up by hand.
resource "google_firestore_field" "documents_time_to_live" {
  count = try(var.documents.ttl_expire_type, "never") == "never" ? 0 : 1

  database   = local.documents_database
  collection = element(split("/", var.documents.collection), -1)
  field      = "delivery.expireAt"

  ttl_config {}

  depends_on = [google_project_service.required, google_firestore_database.records]
}

# Eventarc sends an event again for a day, then drops it: it has no dead letters of ours.
resource "google_monitoring_alert_policy" "documents" {
  count = local.takes_documents ? 1 : 0

  display_name          = "${local.title}: documents wait"
  combiner              = "OR"
  notification_channels = local.notification_channels

  conditions {
    display_name = "A document has waited for a quarter of an hour"
    condition_threshold {
      # Eventarc makes the subscription and names it after the trigger.
      filter          = "resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=monitoring.regex.full_match(\"eventarc-.*-${google_eventarc_trigger.documents[0].name}-sub-.*\") AND metric.type=\"pubsub.googleapis.com/subscription/oldest_unacked_message_age\""
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

  documentation {
    subject = "Documents wait for Relais"
    content = local.playbook["documents wait"]
  }
}
