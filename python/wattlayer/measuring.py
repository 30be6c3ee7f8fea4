def measure(*a, **k): raise NotImplementedError
measured = measure
class Measurement: pass
class MeterReading: pass
