"""Delivery of alerts: messages for people and programs about what saved searches found."""
