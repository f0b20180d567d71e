import { posix } from 'node:path'
import type { Import, SourceFile } from './imports.ts'
import { BANS, DOORS, ROOMS, type Room } from './rules.ts'

/** Every breach of the rooms of ARCHITECTURE.md as one sentence. */
export function findBreaches(files: readonly SourceFile[]): string[] {
  return [
    ...files.flatMap((file) => [
      ...roomBreaches(file),
      ...doorBreaches(file),
      ...banBreaches(file),
      ...nameBreaches(file),
    ]),
    ...circles(files, (path) => path),
    ...circles(files, posix.dirname),
  ]
}

function roomBreaches(file: SourceFile): string[] {
  const room = roomOf(file.path)
  if (!room) return [`${file.path} is in no room: add it to the table of rooms`]
  return file.imports.flatMap((used) => {
    const target = targetOf(file.path, used)
    if (!target) return []
    const other = roomOf(target)
    if (other && allowed(room, other, used)) return []
    return [`${file.path} (${room.name}) must not import ${target} (${other?.name ?? 'no room'})`]
  })
}

function allowed(room: Room, other: Room, used: Import): boolean {
  if (room.may === 'all' || other === room || room.may.includes(other.name)) return true
  return used.typeOnly && (room.types ?? []).includes(other.name)
}

function doorBreaches(file: SourceFile): string[] {
  return file.imports.flatMap(({ specifier }) => {
    const door = Object.entries(DOORS).find(([library]) => belongsTo(specifier, library))
    if (!door || door[1].some((path) => file.path.startsWith(path))) return []
    return [`${file.path} must not import ${specifier}, whose door is ${door[1].join(', ')}`]
  })
}

function belongsTo(specifier: string, library: string): boolean {
  return specifier === library || specifier.startsWith(library.endsWith('/') ? library : `${library}/`)
}

function banBreaches(file: SourceFile): string[] {
  const within = (paths: readonly string[]): boolean => paths.some((path) => file.path.startsWith(path))
  return BANS.filter(({ only, except }) => (only ? within(only) : !within(except ?? [])))
    .filter(({ pattern }) => pattern.test(file.code))
    .map(({ why }) => `${file.path} ${why}`)
}

function nameBreaches({ path }: SourceFile): string[] {
  const name = posix.basename(path)
  if (/^(?:index|utils?|helpers?|common|misc|types)\.[jt]sx?$/.test(name)) {
    return [`${path} needs the name of the one thing it holds`]
  }
  return /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[jt]sx?$/.test(name) ? [] : [`${path} must be in kebab-case`]
}

/**
 * Each circle of files, or of folders, once, as the way around it. Types count: a circle of types is still two halves of
 * one idea. A folder may use what stands in those that it is a part of.
 */
function circles(files: readonly SourceFile[], placeOf: (path: string) => string): string[] {
  const next = new Map<string, Set<string>>()
  for (const { path, imports } of files) {
    const place = placeOf(path)
    const targets = imports.flatMap((used) => targetOf(path, used) ?? []).map(placeOf)
    const others = next.get(place) ?? new Set()
    for (const target of targets) if (target === path || !`${place}/`.startsWith(`${target}/`)) others.add(target)
    next.set(place, others)
  }
  const done = new Set<string>()
  const found: string[] = []
  const walk = (place: string, trail: readonly string[]): void => {
    const start = trail.indexOf(place)
    if (start >= 0) found.push(`circle: ${[...trail.slice(start), place].join(' → ')}`)
    if (start >= 0 || done.has(place)) return
    for (const target of next.get(place) ?? []) walk(target, [...trail, place])
    done.add(place)
  }
  for (const place of next.keys()) walk(place, [])
  return found
}

/** The room with the longest path that the file lies in. */
function roomOf(path: string): Room | undefined {
  return ROOMS.find((room) => path.startsWith(room.path))
}

function targetOf(from: string, { specifier }: Import): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}
