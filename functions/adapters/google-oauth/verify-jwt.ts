// Loaded on first use. The imports are named because bundlers keep all of a namespace import.
import { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify } from "jose";

export { createLocalJWKSet, decodeProtectedHeader, errors, jwtVerify };
