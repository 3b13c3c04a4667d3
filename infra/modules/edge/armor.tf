# Who asks too often is answered 429 before a function is called.

locals {
  # The path as a function reads it: decoded, and in whatever case.
  path     = "request.path.urlDecode().lower()"
  sign_ins = "${local.path}.startsWith('/google_gmail') || ${local.path}.startsWith('/v1/session')"

  # The rule with the lowest priority number that fits a request decides about it alone.
  throttles = {
    "1000" = { says = "consents and sign-ins", per_minute = var.sign_ins_per_minute, expression = local.sign_ins }
    "2000" = { says = "everything else", per_minute = var.requests_per_minute, expression = null }
  }
}

resource "google_compute_security_policy" "this" {
  name        = "${var.lead}relais-edge"
  description = "${var.title}: requests a minute from one address"
  type        = "CLOUD_ARMOR"

  dynamic "rule" {
    for_each = local.throttles
    content {
      priority    = tonumber(rule.key)
      description = rule.value.says
      action      = "throttle"

      match {
        versioned_expr = rule.value.expression == null ? "SRC_IPS_V1" : null
        dynamic "config" {
          for_each = rule.value.expression == null ? ["*"] : []
          content {
            src_ip_ranges = [config.value]
          }
        }
        dynamic "expr" {
          for_each = rule.value.expression == null ? [] : [rule.value.expression]
          content {
            expression = expr.value
          }
        }
      }
      rate_limit_options {
        conform_action = "allow"
        exceed_action  = "deny(429)"
        enforce_on_key = "IP"
        rate_limit_threshold {
          count        = rule.value.per_minute
          interval_sec = 60
        }
      }
    }
  }

  # Cloud Armor demands a last rule. The second one takes everything before it.
  rule {
    priority    = 2147483647
    description = "default"
    action      = "allow"
    match {
      versioned_expr = "SRC_IPS_V1"
      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}
