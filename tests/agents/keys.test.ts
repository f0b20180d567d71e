import { describe, expect, it } from 'vitest'
import { ROLES } from '../../core/principal.ts'
import { openFacade, principal } from './facade.ts'

const admin = principal('root', 'default', 'admin')
const stranger = principal('zoe', 'other', 'admin')

describe('keys', () => {
  const open = openFacade()

  it('are needed by everybody from the first one on, whatever becomes of it', async () => {
    expect(await open.keys.required()).toBe(false)
    const { view } = await open.keys.create(admin, { name: 'first', role: 'admin' })
    expect(await open.keys.required()).toBe(true)
    await open.keys.revoke(admin, view.id)
    expect(await open.keys.required()).toBe(true)
  })

  it('stand for a name, a team and a role', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'ci', role: 'operator' })
    expect(key).toMatch(/^trp_[A-Za-z0-9_-]{43}$/)
    expect(view).toMatchObject({ name: 'ci', role: 'operator', team: 'default', lastUsedAt: null, revokedAt: null })
    expect(await open.keys.authenticate(key)).toEqual({ name: 'ci', role: 'operator', team: 'default' })
    for (const wrong of ['', 'trp_', key.slice(0, -1), `${key}x`, key.toUpperCase()]) {
      expect(await open.keys.authenticate(wrong)).toBeUndefined()
    }
  })

  it('are told once and stored nowhere', async () => {
    const { key } = await open.keys.create(admin, { name: 'secret', role: 'viewer' })
    const [keys, audit] = [await open.keys.list(admin), await open.audit.list(admin, { limit: 500 })]
    expect(JSON.stringify([keys, audit])).not.toContain(key.slice(4, 20))
    expect(keys.map(({ name }) => name)).toContain('secret')
  })

  it('end at once when they are revoked', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'lost', role: 'viewer' })
    await open.keys.revoke(admin, view.id)
    expect(await open.keys.authenticate(key)).toBeUndefined()
    await open.keys.revoke(admin, view.id)
    expect((await open.keys.list(admin)).find(({ id }) => id === view.id)).toMatchObject({
      revokedAt: expect.any(Date),
    })
    await expect(open.keys.revoke(admin, 'nobody')).rejects.toMatchObject({ code: 'key.not_found', status: 404 })
  })

  it('remember their last use, at most once a minute', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'used', role: 'viewer' })
    const lastUsed = async () => (await open.keys.list(admin)).find(({ id }) => id === view.id)?.lastUsedAt
    await open.keys.authenticate(key)
    const first = await lastUsed()
    expect(first).toBeInstanceOf(Date)
    await open.keys.authenticate(key)
    expect(await lastUsed()).toEqual(first)
  })

  it('never make keys that may more than they do', async () => {
    const approver = principal('amy', 'default', 'approver')
    const made = ROLES.map((role) =>
      open.keys.create(approver, { name: 'k', role }).then(
        () => 'made',
        (error: { code: string }) => error.code,
      ),
    )
    expect(await Promise.all(made)).toEqual(['made', 'made', 'made', 'auth.forbidden'])
  })

  it('of other teams are made by the administrators of the installation only', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'zoe', role: 'admin', team: 'other' })
    expect(await open.keys.authenticate(key)).toEqual({ name: 'zoe', team: 'other', role: 'admin' })
    await expect(open.keys.create(stranger, { name: 'k', role: 'admin', team: 'default' })).rejects.toMatchObject({
      code: 'auth.forbidden',
    })
    expect(await open.keys.list(stranger)).toEqual([expect.objectContaining({ id: view.id })])
    const ours = (await open.keys.list(admin))[0]!
    await expect(open.keys.revoke(stranger, ours.id)).rejects.toMatchObject({ code: 'key.not_found' })
  })

  it('may come from the configuration, and stay revoked there', async () => {
    await Promise.all([open.keys.ensureKey('trp_configured'), open.keys.ensureKey('trp_configured')])
    expect(await open.keys.authenticate('trp_configured')).toEqual({ name: 'admin', team: 'default', role: 'admin' })
    const found = (await open.keys.list(admin)).filter(({ name }) => name === 'admin')
    expect(found).toHaveLength(1)
    await open.keys.revoke(admin, found[0]!.id)
    await open.keys.ensureKey('trp_configured')
    expect(await open.keys.authenticate('trp_configured')).toBeUndefined()
  })
})

describe('the audit', () => {
  const open = openFacade()

  it('is read newest first, in pages', async () => {
    for (const action of ['a.one', 'a.two', 'a.three']) await open.audit.append(admin, action, 'thing', { why: action })
    await open.audit.append(stranger, 'a.other', 'thing')
    const first = await open.audit.list(admin, { limit: 2 })
    expect(first.items).toMatchObject([
      { principal: 'root', action: 'a.three', target: 'thing', details: { why: 'a.three' } },
      { action: 'a.two' },
    ])
    const second = await open.audit.list(admin, { limit: 2, after: first.next! })
    expect([second.items.map(({ action }) => action), second.next]).toEqual([['a.one'], null])
  })
})
