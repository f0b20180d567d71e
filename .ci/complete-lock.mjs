/**
 * Adds to the lock files, ours and that of the benchmark's peers, the optional packages for other platforms that npm left out. A registry mirror seldom
 * carries every platform; npm silently drops what it cannot find there, and `npm ci` then refuses the lock everywhere.
 * Run it after a change of dependencies; it changes nothing when the lock is complete. With --check it only tells.
 */
import { readFileSync, writeFileSync } from 'node:fs'

const check = process.argv.includes('--check')

for (const name of ['package-lock.json', 'bench/peers/package-lock.json']) {
  const file = new URL(`../${name}`, import.meta.url)
  const lock = JSON.parse(readFileSync(file, 'utf8'))
  const added = complete(lock)
  if (added > 0 && !check) {
    const byName = ([a], [b]) => (a === b ? 0 : a < b ? -1 : 1)
    lock.packages = Object.fromEntries(Object.entries(lock.packages).toSorted(byName))
    writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  }
  console.log(`${name}: ${added} optional packages ${check ? 'missing' : 'added'}`)
  if (check && added > 0) process.exitCode = 1
}

function complete(lock) {
  let added = 0
  for (const [parent, entry] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(entry.optionalDependencies ?? {})) {
      if (isFound(lock, parent, name)) continue
      const top = `node_modules/${name}`
      const path = top in lock.packages ? `${parent}/${top}` : top
      lock.packages[path] = {
        version: range.replace(/^[^\d]*/, ''),
        ...platformOf(name),
        ...(entry.dev ? { dev: true } : {}),
        optional: true,
      }
      added++
    }
  }
  return added
}

/** Looks where Node would look: beside the parent, then one level up at a time. */
function isFound(lock, parent, name) {
  for (let at = parent; ; at = at.slice(0, Math.max(0, at.lastIndexOf('node_modules/') - 1))) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in lock.packages) return true
    if (at === '') return false
  }
}

function platformOf(name) {
  const words = name.split(/[/-]/)
  const one = (choices) => choices.find((choice) => words.includes(choice))
  const os = one(['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32'])
  const cpu = one(['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'])
  if (!os || !cpu) throw new Error(`Cannot tell the platform of ${name}: add it to package-lock.json by hand`)
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined
  return { cpu: [cpu], ...(libc && os === 'linux' ? { libc: [libc] } : {}), os: [os] }
}
