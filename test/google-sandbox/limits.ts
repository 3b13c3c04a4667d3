/**
 * Google's numbers (developers.google.com/identity/protocols/oauth2 "Refresh token expiration", Gmail's SMTP greeting).
 */
export const MAX_REFRESH_TOKENS = 100;
export const UNUSED_REFRESH_TOKEN_MS = 183 * 86_400_000;
export const TESTING_LIFETIME_S = 7 * 86_400;
export const TEN_YEARS_S = 3_650 * 86_400;
export const MAX_MESSAGE_BYTES = 35_882_577;
