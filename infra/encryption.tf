# Keys of one's own (kms_keys). Each service reads and writes with an account of Google's, which needs the key: the
# accounts are those of cloud.google.com/functions/docs/securing/cmek and the CMEK pages of the other services. They
# must exist; `gcloud beta services identity create` makes those that do not yet.

locals {
  agents = {
    artifact_registry = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    cloud_run         = "serviceAccount:service-${data.google_project.this.number}@serverless-robot-prod.iam.gserviceaccount.com"
    firestore         = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-firestore.iam.gserviceaccount.com"
    functions         = "serviceAccount:service-${data.google_project.this.number}@gcf-admin-robot.iam.gserviceaccount.com"
    pubsub            = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
    secret_manager    = "serviceAccount:service-${data.google_project.this.number}@gcp-sa-secretmanager.iam.gserviceaccount.com"
    storage           = "serviceAccount:service-${data.google_project.this.number}@gs-project-accounts.iam.gserviceaccount.com"
  }

  key_users = merge(
    var.kms_keys.records == null ? {} : { "records/firestore" = { key = var.kms_keys.records, agent = "firestore" } },
    var.kms_keys.regional == null ? {} : {
      for agent in ["artifact_registry", "cloud_run", "functions", "pubsub", "storage"] :
      "regional/${agent}" => { key = var.kms_keys.regional, agent = agent }
    },
    { for key in var.kms_keys.secrets : "secrets/${split("/", key)[3]}" => { key = key, agent = "secret_manager" } },
  )

  # The key of each place that secrets are stored in; null without keys of one's own.
  secret_keys = { for key in var.kms_keys.secrets : split("/", key)[3] => key }
}

resource "google_kms_crypto_key_iam_member" "agent" {
  for_each = local.key_users

  crypto_key_id = each.value.key
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = local.agents[each.value.agent]

  depends_on = [google_project_service.required]
}
