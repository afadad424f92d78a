/** A script that cannot be made from what was given. The message names the value and says what to do. */
export class UserDataError extends Error {
  override readonly name = 'UserDataError';
}
