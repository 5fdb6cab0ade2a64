import { dirname } from 'node:path';
import { doWithout, findProgram, PATH_FOLDERS } from './find-program.mjs';

const SERVERS = ['swift-account-server', 'swift-container-server', 'swift-object-server'];

/** The folder of the programs of a store that speaks S3, from the PATH; null, which it says in one line. */
export function findSwift() {
  const found = findProgram(['swift-proxy-server'], PATH_FOLDERS);
  const hasCache = findProgram(['memcached']) !== undefined; // it refuses to work without one
  const isWhole =
    hasCache && found !== undefined && SERVERS.every((name) => findProgram([name], [dirname(found)]) !== undefined);
  if (isWhole) return dirname(found);
  const said = (reason) => `Without Swift: ${reason}. Nothing is tried against a store that speaks S3.`;
  return doWithout('REQUIRE_S3', 'the servers of Swift are not on the PATH', said);
}
