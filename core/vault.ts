import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto'
import { AppError } from './errors.ts'

/** What must be read again, and so cannot be stored as a hash: kept as text that says nothing without the key. */
export interface Vault {
  /** Names the key that seals now, without telling anything of it. */
  readonly keyId: string
  /** `context` says whose it is: put in another place, what was sealed does not open. */
  seal(text: string, context: string): string
  /** Throws `secret.unreadable`: sealed with a key that is not here, damaged, or of another context. */
  open(sealed: string, context: string): string
  /** True when the newest key sealed it. */
  isCurrent(sealed: string): boolean
  /** Proof that whoever wrote it had the key of that name; undefined when that key is not here. */
  sign(text: string, keyId: string): string | undefined
}

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
const SEALED = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/

/** AES-256-GCM. The first key seals; the others only open, until all is sealed anew. */
export function createVault(keys: readonly [string, ...string[]]): Vault {
  const rings = keys.map((text) => ringOf(decodeKey(text) ?? Buffer.alloc(0)))
  const byId = new Map(rings.map((ring) => [ring.id, ring]))
  const [newest] = rings
  if (!newest) throw new AppError('config.invalid', 'A vault needs a key')

  return {
    keyId: newest.id,

    seal(text, context) {
      const iv = randomBytes(IV_BYTES)
      const cipher = createCipheriv('aes-256-gcm', newest.seals, iv).setAAD(Buffer.from(context))
      const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
      return `v1.${newest.id}.${Buffer.concat([iv, cipher.getAuthTag(), hidden]).toString('base64url')}`
    },

    open(sealed, context) {
      const [, id = '', body = ''] = SEALED.exec(sealed) ?? []
      const ring = byId.get(id)
      if (!ring) throw unreadable(id === '' ? 'it was not sealed here' : `key ${id} is not in TROUPE_SECRET_KEY`)
      const bytes = Buffer.from(body, 'base64url')
      const [iv, tag, hidden] = [
        bytes.subarray(0, IV_BYTES),
        bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES),
        bytes.subarray(IV_BYTES + TAG_BYTES),
      ]
      try {
        const cipher = createDecipheriv('aes-256-gcm', ring.seals, iv, { authTagLength: TAG_BYTES })
        cipher.setAAD(Buffer.from(context)).setAuthTag(tag)
        return Buffer.concat([cipher.update(hidden), cipher.final()]).toString('utf8')
      } catch (cause) {
        throw unreadable('it was changed, or belongs elsewhere', cause)
      }
    },

    isCurrent: (sealed) => SEALED.exec(sealed)?.[1] === newest.id,

    sign(text, keyId) {
      const ring = byId.get(keyId)
      return ring && createHmac('sha256', ring.signs).update(text).digest('base64url')
    },
  }
}

/** A key as it is written down: 32 bytes. */
export function drawKey(): string {
  return randomBytes(KEY_BYTES).toString('base64')
}

/** Whether a text is 32 bytes as hex or base64. */
export function isKey(text: string): boolean {
  return decodeKey(text) !== undefined
}

function decodeKey(text: string): Buffer | undefined {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return Buffer.from(text, 'hex')
  const bytes = /^[A-Za-z0-9+/_-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined
  return bytes?.length === KEY_BYTES ? bytes : undefined
}

/** One use, one key: what seals cannot be used to sign. */
function ringOf(key: Buffer): { id: string; seals: Buffer; signs: Buffer } {
  if (key.length !== KEY_BYTES) throw new AppError('config.invalid', 'A key for secrets has 32 bytes, as base64 or hex')
  const derive = (use: string): Buffer => Buffer.from(hkdfSync('sha256', key, '', `troupe ${use}`, KEY_BYTES))
  return {
    id: createHash('sha256').update(derive('name')).digest('hex').slice(0, 8),
    seals: derive('seal'),
    signs: derive('sign'),
  }
}

function unreadable(why: string, cause?: unknown): AppError {
  return new AppError('secret.unreadable', `A stored secret cannot be read: ${why}`, { cause })
}
