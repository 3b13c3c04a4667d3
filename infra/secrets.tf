# Fixed secrets are granted one by one. Refresh tokens become secrets at run time (relais-refresh-<server id>), so they
# can be granted only on the project, with a condition on their names (which contain the project's number, not its id).

locals {
  secrets = {
    # The OAuth client's. A person enters it in the console.
    client-secret = "relais-client-secret"
    # Seals secrets in the store: access tokens and, if refresh_tokens is sealed, refresh tokens. A new version rotates
    # the key.
    key-ring = "relais-key-ring"
    # Acts as an operator until the first one has signed in.
    setup-token = "relais-setup-token"
  }
}

resource "google_secret_manager_secret" "this" {
  for_each = local.secrets

  secret_id = "${local.lead}${each.value}"

  replication {
    dynamic "auto" {
      for_each = length(var.secret_locations) == 0 ? [lookup(local.secret_keys, "global", null)] : []
      content {
        dynamic "customer_managed_encryption" {
          for_each = auto.value[*]
          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }

    dynamic "user_managed" {
      for_each = length(var.secret_locations) == 0 ? [] : [var.secret_locations]
      content {
        dynamic "replicas" {
          for_each = user_managed.value
          content {
            location = replicas.value

            dynamic "customer_managed_encryption" {
              for_each = lookup(local.secret_keys, replicas.value, null)[*]
              content {
                kms_key_name = customer_managed_encryption.value
              }
            }
          }
        }
      }
    }
  }

  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]
}

# The functions read these when they start, so the first apply must make them. The value is written only, once, and is
# neither in a plan nor in the state: 32 bytes in base64, made from two random UUIDs.
# Never raise secret_data_wo_version: add a version with gcloud to rotate the key.
resource "google_secret_manager_secret_version" "first" {
  for_each = toset(["key-ring", "setup-token"])

  secret                 = google_secret_manager_secret.this[each.key].id
  secret_data_wo         = base64sha256("${uuid()}${uuid()}")
  secret_data_wo_version = 1
  # What the key sealed must stay readable, whatever becomes of this configuration.
  deletion_policy = "ABANDON"
}

moved {
  from = google_secret_manager_secret.client_secret
  to   = google_secret_manager_secret.this["client-secret"]
}

moved {
  from = google_secret_manager_secret.key_ring
  to   = google_secret_manager_secret.this["key-ring"]
}

moved {
  from = google_secret_manager_secret.setup_token
  to   = google_secret_manager_secret.this["setup-token"]
}

# secrets.create is checked on the project, where a condition on the secret's name cannot hold, so this role has only
# that permission.
resource "google_project_iam_custom_role" "secret_creator" {
  role_id     = "${local.role_lead}SecretCreator"
  title       = "${local.title}: create secrets"
  permissions = ["secretmanager.secrets.create"]
  depends_on  = [google_project_service.required]
}

resource "google_project_iam_custom_role" "secret_version_destroyer" {
  role_id     = "${local.role_lead}SecretVersionDestroyer"
  title       = "${local.title}: destroy secret versions"
  permissions = ["secretmanager.versions.destroy", "secretmanager.versions.list"]
  depends_on  = [google_project_service.required]
}

locals {
  refresh_token_prefix = "projects/${data.google_project.this.number}/secrets/${local.lead}relais-refresh-"

  secret_roles = {
    add     = "roles/secretmanager.secretVersionAdder"
    read    = "roles/secretmanager.secretAccessor"
    destroy = local.custom_role.secret_version_destroyer
  }

  # Written out instead of `.id`, so that a plan shows which role is granted.
  custom_role = {
    secret_creator           = "projects/${var.project_id}/roles/${google_project_iam_custom_role.secret_creator.role_id}"
    secret_version_destroyer = "projects/${var.project_id}/roles/${google_project_iam_custom_role.secret_version_destroyer.role_id}"
  }

  # Which functions may do what with refresh tokens in Secret Manager.
  refresh_token_rights = {
    confirm-callback = ["add", "destroy"]
    deliver-mail     = ["add", "read"]
    refresh-tokens   = ["add", "read", "destroy"]
    mail-servers     = ["add", "read", "destroy"]
  }

  refresh_token_grants = merge([
    for function, rights in local.refresh_token_rights : {
      # Sealed tokens need no secret. What was there before is still read and destroyed.
      for right in rights : "${function}/${right}" => { function = function, right = right }
      if right != "add" || var.refresh_tokens == "secrets"
    }
  ]...)
}

resource "google_project_iam_member" "refresh_tokens" {
  for_each = local.refresh_token_grants

  project = var.project_id
  role    = local.secret_roles[each.value.right]
  member  = module.function[each.value.function].member

  condition {
    title      = "${local.lead}relais-refresh-tokens"
    expression = "resource.name.startsWith(\"${local.refresh_token_prefix}\")"
  }
}

# At a consent; and when a sealed token moves to Secret Manager, where its server may have no secret yet.
resource "google_project_iam_member" "create_secrets" {
  for_each = toset(var.refresh_tokens == "secrets" ? ["confirm-callback", "refresh-tokens"] : [])

  project = var.project_id
  role    = local.custom_role.secret_creator
  member  = module.function[each.key].member
}

moved {
  from = google_project_iam_member.create_secrets
  to   = google_project_iam_member.create_secrets["confirm-callback"]
}

resource "google_secret_manager_secret_iam_member" "read_client_secret" {
  for_each = toset(["confirm-callback", "deliver-mail", "refresh-tokens", "mail-servers"])

  secret_id = google_secret_manager_secret.this["client-secret"].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = module.function[each.key].member
}

resource "google_secret_manager_secret_iam_member" "add_client_secret" {
  secret_id = google_secret_manager_secret.this["client-secret"].secret_id
  role      = "roles/secretmanager.secretVersionAdder"
  member    = module.function["mail-servers"].member
}

# Lets mail-servers destroy a client secret that was replaced, on this one secret only.
resource "google_secret_manager_secret_iam_member" "destroy_client_secret" {
  secret_id = google_secret_manager_secret.this["client-secret"].secret_id
  role      = local.custom_role.secret_version_destroyer
  member    = module.function["mail-servers"].member
}

resource "google_secret_manager_secret_iam_member" "read_key_ring" {
  for_each = toset(["confirm-callback", "deliver-mail", "refresh-tokens", "mail-servers"])

  secret_id = google_secret_manager_secret.this["key-ring"].secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = module.function[each.key].member
}
