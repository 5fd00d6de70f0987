"""A live picture: its camera's frames in colour at the camera's rate, for everybody who looks.

A frame's way, and the thread of each step:

- ``camera``: the source is opened, read, watched and opened again; its newest frame wins.
- ``outgoing``: looks at the frame, asks for its colour, waits for that at most half a frame interval, else
  carries the newest colour there is along the motion.
- ``colouring``: runs the network on the newest frame that asked.
- ``outlets``: each way out takes the newest tinted frame. Page, MQTT and pipe look through ``Views``.

``job`` puts them together, ``desk`` is what page and MQTT see of it, ``run`` opens the ways out that are
configured. Nothing queues anywhere, so memory stays where it is.
"""
