import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The folders of the PATH. */
export const PATH_FOLDERS = (process.env['PATH'] ?? '').split(delimiter);

/** The first of these names, in their order, that is a program in one of these folders; undefined if none is. */
export function findProgram(names, folders = PATH_FOLDERS) {
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

export function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * For tests that need what is not here: says so in one line, and they are left out; where the setting `required` is
 * 1, it is an error instead. Returns null.
 */
export function doWithout(required, reason, said) {
  if (process.env[required] === '1') throw new Error(`${required}=1, but ${reason}.`);
  process.stderr.write(`${said(reason)}\n`);
  return null;
}
