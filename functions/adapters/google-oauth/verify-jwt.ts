// Loaded on first use, and named one by one: bundlers keep all of what is imported as a whole.
import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify } from "jose";

export { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify };
