output "address" {
  description = "What the domain's DNS record of type A must name."
  value       = google_compute_global_address.this.address
}

output "certificate" {
  value = google_compute_managed_ssl_certificate.this.name
}

output "console_group" {
  description = "The endpoint group that the deploy command makes, and the name of the site that it points to."
  value       = { name = local.console_group, host = local.console_host }
}
