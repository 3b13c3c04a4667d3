output "redirect_uri" {
  description = "To enter, exactly so, as authorised redirect URI of the OAuth client."
  value       = "${var.public_url}/google_gmail/confirm"
}

output "function_uris" {
  value = { for name, f in module.function : name => f.uri }
}
