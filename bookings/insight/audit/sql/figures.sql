-- How much was looked at.
SELECT
    (
        SELECT count(*)
        FROM capacity_serviceday AS d
        WHERE
            d.restaurant_id = ANY(%(restaurant_ids)s)
            AND d.business_date BETWEEN %(from_date)s AND %(to_date)s
            AND (%(service_day_ids)s::bigint [] IS NULL OR d.id = ANY(%(service_day_ids)s))
    ) AS "serviceDays",
    (
        SELECT count(*)
        FROM booking_slots AS s
        INNER JOIN capacity_serviceday AS d ON s.service_day_id = d.id
        WHERE
            d.restaurant_id = ANY(%(restaurant_ids)s)
            AND d.business_date BETWEEN %(from_date)s AND %(to_date)s
            AND (%(service_day_ids)s::bigint [] IS NULL OR d.id = ANY(%(service_day_ids)s))
    ) AS slots,
    (
        SELECT count(*)
        FROM bookings_booking AS b
        WHERE
            b.restaurant_id = ANY(%(restaurant_ids)s)
            AND b.business_date BETWEEN %(from_date)s AND %(to_date)s
            AND (%(service_day_ids)s::bigint [] IS NULL OR b.service_day_id = ANY(%(service_day_ids)s))
    ) AS bookings,
    (
        SELECT count(*)
        FROM booking_table_assignments AS a
        INNER JOIN bookings_booking AS b ON a.booking_id = b.id
        WHERE
            b.restaurant_id = ANY(%(restaurant_ids)s)
            AND b.business_date BETWEEN %(from_date)s AND %(to_date)s
            AND (%(service_day_ids)s::bigint [] IS NULL OR b.service_day_id = ANY(%(service_day_ids)s))
    ) AS assignments,
    (SELECT count(*) FROM restaurant_capacity_rules AS r WHERE r.restaurant_id = ANY(%(restaurant_ids)s)) AS rules,
    (
        SELECT count(*) FROM bookings_capacityoverride AS o WHERE o.restaurant_id = ANY(%(restaurant_ids)s)
    ) AS overrides
