import { buildConsole } from '../console/build.ts'

/** Run before `npm start` and by `npm run build`: the page is made when it is missing or older than its sources. */
try {
  const built = await buildConsole({ force: process.argv.includes('--force') })
  if (built) process.stdout.write('The console was built: console/dist\n')
} catch (error) {
  // An installation without development dependencies starts all the same; its page then says what is missing.
  if (!(error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND')) throw error
  process.stderr.write('The console cannot be built without development dependencies: run "npm ci" with them.\n')
}
