# Fixed secrets are granted one by one. Refresh tokens become secrets at run time (relais-refresh-<server id>), so they
# can be granted only on the project, with a condition on their names (which contain the project's number, not its id).

resource "google_secret_manager_secret" "client_secret" {
  secret_id = "relais-client-secret"
  replication {
    auto {}
  }
  depends_on = [google_project_service.required]
}

# Seals secrets in the store: access tokens and, if refresh_tokens is sealed, refresh tokens. A new version rotates the
# key.
resource "google_secret_manager_secret" "key_ring" {
  secret_id = "relais-key-ring"
  replication {
    auto {}
  }
  depends_on = [google_project_service.required]
}

# Created by hand or by the deploy command, never by Terraform: its state would contain the value.
resource "google_secret_manager_secret" "setup_token" {
  secret_id = "relais-setup-token"
  replication {
    auto {}
  }
  depends_on = [google_project_service.required]
}

# secrets.create is checked on the project, where a condition on the secret's name cannot hold, so this role has only
# that permission.
resource "google_project_iam_custom_role" "secret_creator" {
  role_id     = "relaisSecretCreator"
  title       = "Relais: create secrets"
  permissions = ["secretmanager.secrets.create"]
  depends_on  = [google_project_service.required]
}

resource "google_project_iam_custom_role" "secret_version_destroyer" {
  role_id     = "relaisSecretVersionDestroyer"
  title       = "Relais: destroy secret versions"
  permissions = ["secretmanager.versions.destroy", "secretmanager.versions.list"]
  depends_on  = [google_project_service.required]
}

locals {
  refresh_token_prefix = "projects/${data.google_project.this.number}/secrets/relais-refresh-"

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
    title      = "relais-refresh-tokens"
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

  secret_id = google_secret_manager_secret.client_secret.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = module.function[each.key].member
}

resource "google_secret_manager_secret_iam_member" "add_client_secret" {
  secret_id = google_secret_manager_secret.client_secret.secret_id
  role      = "roles/secretmanager.secretVersionAdder"
  member    = module.function["mail-servers"].member
}

# Lets mail-servers destroy a client secret that was replaced, on this one secret only.
resource "google_secret_manager_secret_iam_member" "destroy_client_secret" {
  secret_id = google_secret_manager_secret.client_secret.secret_id
  role      = local.custom_role.secret_version_destroyer
  member    = module.function["mail-servers"].member
}

resource "google_secret_manager_secret_iam_member" "read_key_ring" {
  for_each = toset(["confirm-callback", "deliver-mail", "refresh-tokens", "mail-servers"])

  secret_id = google_secret_manager_secret.key_ring.secret_id
  role      = "roles/secretmanager.secretAccessor"
  member    = module.function[each.key].member
}
