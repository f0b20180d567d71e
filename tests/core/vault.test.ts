import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createVault, drawKey, isKey } from '../../core/vault.ts'

const unreadable = { code: 'secret.unreadable' }

function failureOf(work: () => unknown): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

describe('a vault', () => {
  it('opens what it sealed, in the same place only, and never seals twice alike', () => {
    const vault = createVault([drawKey()])
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), fc.string(), (text, place, other) => {
        const sealed = vault.seal(text, place)
        expect(vault.open(sealed, place)).toBe(text)
        expect(vault.seal(text, place)).not.toBe(sealed)
        if (other !== place) expect(failureOf(() => vault.open(sealed, other))).toMatchObject(unreadable)
      }),
    )
  })

  it('opens nothing of which one letter was changed', () => {
    const vault = createVault([drawKey()])
    const sealed = vault.seal('a secret of some length', 'here')
    for (let at = 0; at < sealed.length; at++) {
      const other = sealed[at] === 'A' ? 'B' : 'A'
      const forged = `${sealed.slice(0, at)}${other}${sealed.slice(at + 1)}`
      // The last letter may carry bits that no byte needs.
      if (Buffer.from(forged.slice(12), 'base64url').equals(Buffer.from(sealed.slice(12), 'base64url'))) continue
      expect([at, failureOf(() => vault.open(forged, 'here'))]).toMatchObject([at, unreadable])
    }
    for (const text of ['', 'v1.', sealed.slice(0, 40), 'a secret'])
      expect(failureOf(() => vault.open(text, 'here'))).toMatchObject(unreadable)
  })

  it('reads with a former key what it seals with the newest, and nothing once that key is gone', () => {
    const [first, second] = [drawKey(), drawKey()]
    const sealed = createVault([first]).seal('text', 'here')
    const turning = createVault([second, first])
    expect([turning.open(sealed, 'here'), turning.isCurrent(sealed)]).toEqual(['text', false])
    expect(turning.isCurrent(turning.seal('text', 'here'))).toBe(true)
    expect(failureOf(() => createVault([second]).open(sealed, 'here'))).toMatchObject(unreadable)
  })

  it('takes 32 bytes as base64, base64url or hex, and nothing else, for a key', () => {
    const bytes = Buffer.alloc(32, 0xfb)
    for (const form of ['base64', 'base64url', 'hex'] as const) expect(isKey(bytes.toString(form))).toBe(true)
    const vaults = (['base64', 'base64url', 'hex'] as const).map((form) => createVault([bytes.toString(form)]).keyId)
    expect(new Set(vaults).size).toBe(1)
    for (const wrong of ['', 'x', 'a'.repeat(42), `${'a'.repeat(62)}`, `${'a'.repeat(66)}`, 'secret'.repeat(8)])
      expect([wrong, isKey(wrong)]).toEqual([wrong, false])
    expect(() => createVault(['password'])).toThrow(/32 bytes/)
  })
})
