export type Transport = "smtp" | "gmail_api";
