-- The live bookings in each line of the ledger asked for, in order of creation.
-- A line is a service day, or a slot with what it limits: starts ('pacing') or presence ('occupancy').
WITH line AS (
    SELECT *
    FROM unnest(
        %(numbers)s::int [], %(scopes)s::text [], %(restaurant_ids)s::bigint [], %(service_day_ids)s::bigint [],
        %(starts_at)s::timestamptz [], %(ends_at)s::timestamptz []
    ) AS asked (number, scope, restaurant_id, service_day_id, starts_at, ends_at)
),

found AS (
    SELECT line.number, b.*
    FROM line
    INNER JOIN bookings_booking AS b
        ON
            line.service_day_id = b.service_day_id
            AND (
                line.scope = 'service'
                OR (
                    b.starts_at >= line.starts_at
                    AND NOT EXISTS (
                        SELECT FROM booking_slots AS later
                        WHERE
                            later.service_day_id = line.service_day_id
                            AND later.starts_at > line.starts_at
                            AND later.starts_at <= b.starts_at
                    )
                )
            )
    WHERE line.scope IN ('service', 'pacing')

    UNION ALL

    SELECT line.number, b.*
    FROM line
    INNER JOIN bookings_booking AS b
        ON
            line.restaurant_id = b.restaurant_id
            AND b.starts_at < line.ends_at
            AND b.ends_at > line.starts_at
            -- Keeps the search of the index of live stays, by end, from running to its last entry.
            AND b.ends_at < line.ends_at + (SELECT max(every.ends_at - every.starts_at) FROM bookings_booking AS every)
    WHERE line.scope = 'occupancy' AND b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
)

SELECT found.number, found.id, found.reference, found.party_size
FROM found
WHERE
    found.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
    AND (found.status <> 'held' OR found.expires_at > %(as_of)s)
ORDER BY found.number, found.created_at, found.id
