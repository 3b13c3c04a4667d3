output "redirect_uri" {
  description = "Enter this value, exactly as it is, as an authorised redirect URI of the OAuth client."
  value       = "${var.public_url}/google_gmail/confirm"
}

output "function_uris" {
  value = { for name, f in module.function : name => f.uri }
}
