-- Live bookings that are to come and could not be made again as they are: one row a booking, with the codes of why.
--
-- The session's time zone is that of the restaurants asked for: `::timestamp` reads the clock on their wall. What a
-- person has decided to keep, or booked so, is left out.
SELECT
    b.restaurant_id, b.id AS booking_id, b.reference, b.party_size, b.business_date, b.wall_time, b.service_day_id,
    found.codes
FROM bookings_booking AS b
INNER JOIN tables_restaurant AS r ON b.restaurant_id = r.id
INNER JOIN capacity_serviceday AS d ON b.service_day_id = d.id
INNER JOIN capacity_serviceperiod AS p ON d.service_period_id = p.id
CROSS JOIN LATERAL (
    SELECT
        extract(EPOCH FROM b.starts_at::timestamp - b.business_date::timestamp) / 60 AS minute,
        extract(EPOCH FROM p.start_time) / 60 AS first_minute,
        least(
            extract(EPOCH FROM p.last_seating) / 60 + CASE WHEN p.last_seating < p.start_time THEN 1440 ELSE 0 END,
            extract(EPOCH FROM p.end_time) / 60 + CASE WHEN p.end_time <= p.start_time THEN 1440 ELSE 0 END - 1
        ) AS last_minute,
        b.source IN ('web', 'partner') AND NOT EXISTS (
            SELECT FROM bookings_bookingevent AS e
            WHERE e.booking_id = b.id AND e.kind = 'changed' AND e.actor_id IS NOT NULL
        ) AS is_online,
        EXISTS (
            SELECT FROM capacity_serviceperiod AS s
            WHERE s.restaurant_id = b.restaurant_id AND s.retired_at IS NULL AND s.on_date = b.business_date
        ) AS is_special
) AS wall
CROSS JOIN LATERAL (
    SELECT
        p.retired_at IS NULL AND CASE
            WHEN wall.is_special THEN coalesce(p.on_date = b.business_date, FALSE)
            ELSE p.on_date IS NULL
                AND extract(ISODOW FROM b.business_date) = ANY(p.weekdays)
                AND b.business_date BETWEEN coalesce(p.valid_from, '-infinity') AND coalesce(p.valid_to, 'infinity')
        END AS is_offered,
        EXISTS (
            SELECT FROM capacity_closure AS c
            WHERE
                c.restaurant_id = b.restaurant_id
                AND b.business_date BETWEEN c.from_date AND c.to_date
                AND coalesce(c.service_period_id = p.id, TRUE)
                AND (c.channel = 'all' OR wall.is_online)
                AND CASE
                    WHEN c.from_time IS NULL OR c.to_time IS NULL THEN TRUE
                    WHEN c.from_time < c.to_time THEN b.wall_time >= c.from_time AND b.wall_time < c.to_time
                    ELSE b.wall_time >= c.from_time OR b.wall_time < c.to_time
                END
        ) AS is_closed
) AS hours
CROSS JOIN LATERAL (
    SELECT array_agg(reason.code) AS codes
    FROM (
        VALUES
        ('restaurant_inactive', NOT r.active),
        ('party_size', wall.is_online AND b.party_size NOT BETWEEN r.party_size_min AND r.party_size_max),
        ('no_service', NOT hours.is_offered),
        ('closed', hours.is_offered AND hours.is_closed),
        ('before_first_seating', hours.is_offered AND NOT hours.is_closed AND wall.minute < wall.first_minute),
        ('after_last_seating', hours.is_offered AND NOT hours.is_closed AND wall.minute > wall.last_minute),
        (
            'off_grid',
            hours.is_offered AND NOT hours.is_closed AND wall.minute BETWEEN wall.first_minute AND wall.last_minute
            AND mod(wall.minute - wall.first_minute, r.slot_minutes) <> 0
        )
    ) AS reason (code, holds)
    WHERE
        reason.holds
        -- A party at the door starts at any minute.
        AND (b.source <> 'walk_in' OR reason.code NOT IN ('before_first_seating', 'after_last_seating', 'off_grid'))
        AND NOT EXISTS (
            SELECT FROM bookings_bookingevent AS e
            WHERE e.booking_id = b.id AND e.kind = 'kept' AND e.to_value -> 'kept' ? reason.code
        )
        -- Out of hours by the word of a person from the beginning.
        AND (
            reason.code IN ('restaurant_inactive', 'party_size') OR NOT EXISTS (
                SELECT FROM bookings_capacityoverride AS o
                WHERE o.booking_id = b.id AND o.source = 'staff' AND o."limit" IN ('CLOSED', 'OUTSIDE_SERVICE')
            )
        )
) AS found
WHERE
    b.restaurant_id = ANY(%(restaurant_ids)s)
    AND b.business_date BETWEEN %(from_date)s AND %(to_date)s
    AND (%(service_day_ids)s::bigint [] IS NULL OR b.service_day_id = ANY(%(service_day_ids)s))
    AND b.status IN ('held', 'confirmed', 'arrived')
    AND (b.status <> 'held' OR b.expires_at > %(as_of)s)
    AND b.ends_at > %(as_of)s
    AND found.codes IS NOT NULL
ORDER BY b.restaurant_id, b.starts_at, b.id
