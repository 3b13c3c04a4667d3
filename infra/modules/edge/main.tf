# A global external Application Load Balancer in front of the functions and of Hosting, which keeps the console.

resource "google_compute_global_address" "this" {
  name = "${var.lead}relais-edge"
}

resource "google_compute_region_network_endpoint_group" "function" {
  for_each = var.functions

  name                  = "${var.lead}relais-${each.key}"
  region                = var.region
  network_endpoint_type = "SERVERLESS"

  cloud_run {
    service = each.value.service
  }
}

resource "google_compute_backend_service" "function" {
  for_each = var.functions

  name                  = "${var.lead}relais-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  protocol              = "HTTPS"
  security_policy       = google_compute_security_policy.this.id

  backend {
    group = google_compute_region_network_endpoint_group.function[each.key].id
  }
  log_config {
    enable      = true
    sample_rate = 1
  }
}

# The deploy command makes this group, an internet endpoint that is the Hosting site: the provider's schema that plans
# are tested against has no global groups.
locals {
  console_group = "${var.lead}relais-console"
  console_host  = "${var.site}.web.app"
}

# Hosting answers for its own name only, and adds the headers of firebase.json.
resource "google_compute_backend_service" "console" {
  name                   = local.console_group
  load_balancing_scheme  = "EXTERNAL_MANAGED"
  protocol               = "HTTPS"
  security_policy        = google_compute_security_policy.this.id
  custom_request_headers = ["Host: ${local.console_host}"]

  backend {
    group = "projects/${var.project_id}/global/networkEndpointGroups/${local.console_group}"
  }
  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "this" {
  name            = "${var.lead}relais-edge"
  default_service = google_compute_backend_service.console.id

  host_rule {
    hosts        = [var.domain]
    path_matcher = "relais"
  }
  # The longest pattern that fits a path takes it, in whatever order they stand.
  path_matcher {
    name            = "relais"
    default_service = google_compute_backend_service.console.id

    dynamic "path_rule" {
      for_each = var.functions
      content {
        paths   = path_rule.value.paths
        service = google_compute_backend_service.function[path_rule.key].id
      }
    }
  }
}

resource "google_compute_url_map" "to_https" {
  name = "${var.lead}relais-to-https"

  default_url_redirect {
    https_redirect         = true
    redirect_response_code = "MOVED_PERMANENTLY_DEFAULT"
    strip_query            = false
  }
}

# A certificate keeps its domain, so another domain needs another certificate, which must be there before the proxy
# lets the former one go.
resource "google_compute_managed_ssl_certificate" "this" {
  name = "${var.lead}relais-${substr(sha256(var.domain), 0, 8)}"

  managed {
    domains = [var.domain]
  }
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_ssl_policy" "this" {
  name            = "${var.lead}relais-edge"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "this" {
  name             = "${var.lead}relais-edge"
  url_map          = google_compute_url_map.this.id
  ssl_certificates = [google_compute_managed_ssl_certificate.this.id]
  ssl_policy       = google_compute_ssl_policy.this.id
}

resource "google_compute_target_http_proxy" "to_https" {
  name    = "${var.lead}relais-to-https"
  url_map = google_compute_url_map.to_https.id
}

resource "google_compute_global_forwarding_rule" "this" {
  for_each = {
    edge     = { port = "443", proxy = google_compute_target_https_proxy.this.id }
    to-https = { port = "80", proxy = google_compute_target_http_proxy.to_https.id }
  }

  name                  = "${var.lead}relais-${each.key}"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this.id
  port_range            = each.value.port
  target                = each.value.proxy
}
