/** Whether user and password of a URL can be sent: a `%` in them has to be written as `%25`. */
export function hasDecodableUserInfo({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username);
    decodeURIComponent(password);
    return true;
  } catch {
    return false;
  }
}
