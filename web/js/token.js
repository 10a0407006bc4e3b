/** What a JWT says of itself, unverified: for when to ask for the next one, and what to offer its bearer. */

/** When it runs out, in ms since 1970; null where it does not say. */
export function expiry(token) {
  const { exp } = claims(token);
  return Number.isFinite(exp) ? exp * 1000 : null;
}

/** The words of its `scope`, such as `documents:read`. */
export function scopes(token) {
  const { scope } = claims(token);
  return new Set(typeof scope === "string" ? scope.split(" ").filter(Boolean) : []);
}

function claims(token) {
  try {
    const bytes = Uint8Array.from(atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)) ?? {};
  } catch {
    return {};
  }
}
