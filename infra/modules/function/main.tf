# One function: its service account, the function, and who may invoke it.

resource "google_service_account" "this" {
  account_id   = "${var.account_lead}${var.name}"
  display_name = "${var.title}: ${var.name}"
}

# Access to records. Firestore has no grant finer than the database; the condition limits it to ours.
resource "google_project_iam_member" "records" {
  project = var.project_id
  role    = "roles/datastore.user"
  member  = google_service_account.this.member

  condition {
    title      = "${var.account_lead}database"
    expression = "resource.name == \"projects/${var.project_id}/databases/${var.database}\""
  }
}

resource "google_secret_manager_secret_iam_member" "environment" {
  for_each = var.secret_env

  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this.member
}

resource "google_cloudfunctions2_function" "this" {
  name         = var.service
  location     = var.region
  description  = "${var.title}: ${var.name}"
  kms_key_name = var.kms_key

  build_config {
    runtime           = "nodejs24"
    entry_point       = var.name
    service_account   = var.build_service_account
    docker_repository = var.docker_repository
    worker_pool       = var.build_worker_pool

    source {
      storage_source {
        bucket = var.source_archive.bucket
        object = var.source_archive.object
      }
    }
  }

  service_config {
    available_memory                 = var.size.memory
    available_cpu                    = var.size.cpu
    max_instance_request_concurrency = var.size.concurrency
    max_instance_count               = var.size.max_instances
    min_instance_count               = var.size.min_instances
    timeout_seconds                  = var.timeout_s
    ingress_settings                 = var.public ? var.public_ingress : "ALLOW_INTERNAL_ONLY"
    vpc_connector                    = try(var.vpc_egress.connector, null)
    vpc_connector_egress_settings    = try(var.vpc_egress.egress, null)
    all_traffic_on_latest_revision   = !var.hold_traffic
    service_account_email            = google_service_account.this.email
    environment_variables = merge(
      var.environment,
      # An internal function also checks the push account itself, in case IAM ever lets another one in.
      var.public ? {} : { RELAIS_PUSH_ACCOUNT = google_service_account.push[0].email },
    )

    dynamic "secret_environment_variables" {
      for_each = var.secret_env
      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }

  # The first revision reads its secrets at its start.
  depends_on = [google_secret_manager_secret_iam_member.environment]
}

# Pub/Sub signs its pushes with this account; nobody else may invoke an internal function.
resource "google_service_account" "push" {
  count = var.public ? 0 : 1

  account_id   = "${var.account_lead}push-${var.name}"
  display_name = "${var.title}: pushes to ${var.name}"
}

# Pub/Sub's agent creates the token that the push account signs. If the agent's role on the project already allows that,
# this grant changes nothing (cloud.google.com/pubsub/docs/authenticate-push-subscriptions).
resource "google_service_account_iam_member" "push_token" {
  count = var.public ? 0 : 1

  service_account_id = "projects/${var.project_id}/serviceAccounts/${google_service_account.push[0].email}"
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = var.pubsub_agent
}

# Without this grant, a public function is open only once Cloud Run's own check is off, which neither the functions' API
# nor this provider can do.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  count = var.public && var.public_access == "invoker_check_off" ? 0 : 1

  name     = google_cloudfunctions2_function.this.name
  location = var.region
  role     = "roles/run.invoker"
  member   = var.public ? "allUsers" : google_service_account.push[0].member
}

moved {
  from = google_cloud_run_v2_service_iam_member.invoker
  to   = google_cloud_run_v2_service_iam_member.invoker[0]
}
